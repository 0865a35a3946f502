//! `wandb-rs run files`: lists the files of a run, or downloads them.

use std::fmt::Write as _;
use std::path::Path;

use futures::stream::TryStreamExt as _;
use serde::Serialize;

use super::args::RunFilesArgs;
use crate::{Exit, Failure, Printer, text};
use wandb_rs::api::File;
use wandb_rs::{Api, Error};

/// The number of concurrent downloads.
const AT_ONCE: usize = 8;

/// The output of `run files --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// `entity/project/id`.
    run: String,
    files: Vec<Row>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    size: u64,
    /// In base64, as everywhere in the protocol.
    md5: Option<String>,
    mimetype: Option<String>,
    updated_at: String,
    /// Needs the credentials; only with `--urls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Gives access to the file; only with `--urls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_url: Option<String>,
    /// The downloaded file; only with `--download`.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

pub(super) async fn run(args: RunFilesArgs, api: &Api, printer: &Printer) -> Result<Exit, Failure> {
    let run = api.run(&args.run).await?;
    let listing = match args.like {
        Some(pattern) => run.files_like(pattern),
        None => run.files(),
    };
    let files = listing.stream();
    let fetching = files.map_ok(|file| bring(file, args.download.as_deref(), args.urls));
    let rows = fetching.try_buffered(AT_ONCE).try_collect().await?;
    let answer = Answer {
        run: run.to_string(),
        files: rows,
    };
    printer.answer(&answer, || people(&answer));
    printer.remark(&format!("store: {}", api.client().location()));
    Ok(Exit::Done)
}

/// Downloads a file to `root`, if given, and returns its row.
async fn bring(file: File, root: Option<&Path>, with_urls: bool) -> Result<Row, Error> {
    let path = match root {
        Some(root) => Some(file.download(root).await?.display().to_string()),
        None => None,
    };
    Ok(Row {
        name: file.name.clone(),
        size: file.size,
        md5: file.md5.map(|md5| md5.to_string()),
        mimetype: file.mimetype.clone(),
        updated_at: text::time(file.updated_at),
        url: with_urls.then(|| file.url.clone()),
        direct_url: with_urls.then(|| file.direct_url.clone()),
        path,
    })
}

fn people(answer: &Answer) -> String {
    let title = ["FILE", "SIZE", "TYPE", "UPDATED", "MD5"].map(str::to_owned);
    let rows = answer.files.iter().map(|file| {
        [
            file.name.clone(),
            text::size(file.size),
            file.mimetype.clone().unwrap_or_else(|| "-".into()),
            file.updated_at.clone(),
            file.md5.clone().unwrap_or_else(|| "-".into()),
        ]
    });
    let mut told = text::table(&std::iter::once(title).chain(rows).collect::<Vec<_>>());
    for file in &answer.files {
        let more = [
            ("url", &file.url),
            ("direct", &file.direct_url),
            ("brought to", &file.path),
        ];
        let more = more
            .into_iter()
            .filter_map(|(what, value)| Some((what, value.as_ref()?)));
        for (what, value) in more {
            _ = writeln!(told, "{}: {what} {value}", file.name);
        }
    }
    told
}
