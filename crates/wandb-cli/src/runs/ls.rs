//! `wandb-rs run ls`: lists the runs of a project.

use std::sync::Arc;

use serde::Serialize;

use super::args::RunLsArgs;
use crate::{Exit, Failure, Printer, text};
use wandb_rs::api::{Listing, Run, Searchable};
use wandb_rs::{Api, Error};

/// The output of `run ls --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    runs: Vec<Row>,
    /// The cursor of the next page, if there is one.
    next: Option<Arc<str>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// `entity/project/id`.
    address: String,
    name: String,
    state: &'static str,
    job_type: Option<String>,
    group: Option<String>,
    tags: Vec<String>,
    created_at: String,
    heartbeat_at: String,
}

pub(super) async fn run(args: RunLsArgs, api: &Api, printer: &Printer) -> Result<Exit, Failure> {
    let mut listing = api.runs(&args.path).await?;
    if let Some(filter) = args.filter {
        listing = listing.filter(filter);
    }
    if let Some(order) = args.order {
        listing = listing.order(order);
    }
    if let Some(after) = args.after {
        listing = listing.after(after);
    }
    let answer = read(&listing, args.limit).await?;
    printer.answer(&answer, || people(&answer));
    if let Some(next) = &answer.next {
        printer.remark(&format!("there are more: `--after '{next}'`"));
    }
    printer.remark(&format!("store: {}", api.client().location()));
    Ok(Exit::Done)
}

async fn read(listing: &Listing<Run, Searchable>, limit: Option<u32>) -> Result<Answer, Error> {
    let Some(limit) = limit else {
        let runs = listing.all().await?;
        return Ok(Answer {
            runs: runs.iter().map(row).collect(),
            next: None,
        });
    };
    // A server may give fewer at once than it was asked for.
    let (mut listing, mut runs) = (listing.clone(), Vec::new());
    loop {
        let left = limit - u32::try_from(runs.len()).unwrap_or(limit);
        let page = listing.clone().per_page(left).page().await?;
        runs.extend(page.items.iter().map(row));
        match page.next {
            Some(next) if runs.len() < limit as usize => listing = listing.after(next),
            next => return Ok(Answer { runs, next }),
        }
    }
}

fn row(run: &Run) -> Row {
    Row {
        address: run.to_string(),
        name: run.display_name().to_owned(),
        state: run.state.as_str(),
        job_type: run.job_type.clone(),
        group: run.group.clone(),
        tags: run.tags.clone(),
        created_at: text::time(run.created_at),
        heartbeat_at: text::time(run.heartbeat_at),
    }
}

fn people(answer: &Answer) -> String {
    let title = ["RUN", "NAME", "STATE", "JOB TYPE", "CREATED"].map(str::to_owned);
    let rows = answer.runs.iter().map(|run| {
        [
            run.address.clone(),
            run.name.clone(),
            run.state.to_owned(),
            run.job_type.clone().unwrap_or_else(|| "-".into()),
            run.created_at.clone(),
        ]
    });
    text::table(&std::iter::once(title).chain(rows).collect::<Vec<_>>())
}
