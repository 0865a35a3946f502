//! `wandb-rs why`: describes the runs and inputs that led to a version.

use serde::Serialize;

use super::args::WhyArgs;
use super::{is_unexplored, label};
use crate::{Exit, Failure, Printer, text};
use wandb_rs::{Client, Lineage, LineageDirection, LineageLimits, LineageNode, records};

/// The output of `why --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean the version.
    address: String,
    /// The version, then what it was made of, then what that was made of, …
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    address: String,
    /// The run that logged it, if one is known.
    run: Option<Run>,
    /// The versions that the run used.
    inputs: Vec<String>,
    /// Whether the walk stopped because of `--depth`.
    is_unexplored: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    /// `entity/project/id`.
    address: String,
    name: String,
    job_type: Option<String>,
    created_at: String,
    /// `None` while it runs.
    has_succeeded: Option<bool>,
}

pub(crate) async fn run(
    args: WhyArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let limits = LineageLimits {
        depth: args.depth,
        ..LineageLimits::default()
    };
    let found = artifact.lineage(LineageDirection::Up, limits).await?;
    let answer = Answer {
        address: artifact.to_string(),
        steps: steps(&found),
    };
    printer.answer(&answer, || people(&answer));
    Ok(Exit::Done)
}

fn steps(lineage: &Lineage) -> Vec<Step> {
    let artifacts = lineage.nodes.iter().enumerate();
    let artifacts = artifacts.filter(|(_, node)| matches!(node, LineageNode::Artifact(_)));
    let steps = artifacts.map(|(place, node)| {
        let maker = lineage.sources(place).next();
        let run = maker.and_then(|maker| match &lineage.nodes[maker] {
            LineageNode::Run(record) => Some(told(record)),
            LineageNode::Artifact(_) => None,
        });
        let inputs = maker.into_iter().flat_map(|maker| lineage.sources(maker));
        Step {
            address: label(node),
            run,
            inputs: inputs.map(|input| label(&lineage.nodes[input])).collect(),
            is_unexplored: is_unexplored(lineage, place),
        }
    });
    steps.collect()
}

fn told(record: &records::Run) -> Run {
    Run {
        address: record.address.to_string(),
        name: record.display_name.clone(),
        job_type: record.job_type.clone(),
        created_at: text::time(record.created_at),
        has_succeeded: (record.state.is_ended())
            .then_some(record.state == records::RunState::Finished),
    }
}

fn people(answer: &Answer) -> String {
    let sentences = answer.steps.iter().map(sentence);
    sentences.collect::<Vec<_>>().join("\n") + "\n"
}

fn sentence(step: &Step) -> String {
    let address = &step.address;
    let Some(run) = &step.run else {
        return if step.is_unexplored {
            format!("{address}: its origin is beyond `--depth`.")
        } else {
            format!("{address} was logged by no run that is known: the trail ends here.")
        };
    };
    let job = match &run.job_type {
        Some(job_type) => format!(" ({job_type})"),
        None => String::new(),
    };
    let ended = match run.has_succeeded {
        Some(true) => "ended well",
        Some(false) => "failed",
        None => "has not ended",
    };
    let inputs = match &*step.inputs {
        [] => "used nothing that is known".to_owned(),
        inputs => format!("used {}", inputs.join(", ")),
    };
    format!(
        "{address} was logged by the run {}{job}, which began at {}, {inputs}, and {ended}.",
        run.address, run.created_at
    )
}
