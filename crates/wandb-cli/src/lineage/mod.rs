//! `wandb-rs lineage` and `wandb-rs why`: which runs made what of what.

mod args;
mod graph;
mod tree;
mod why;

pub(super) use args::{LineageArgs, WhyArgs};
pub(super) use why::run as why;

use args::Format;

use super::{Exit, Failure, Printer};
use wandb_rs::{Client, Lineage, LineageDirection, LineageLimits, LineageNode};

pub(super) async fn run(
    args: LineageArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let direction = match (args.up, args.down) {
        (true, _) => LineageDirection::Up,
        (_, true) => LineageDirection::Down,
        _ => LineageDirection::Both,
    };
    let limits = LineageLimits {
        depth: args.depth,
        ..LineageLimits::default()
    };
    let found = artifact.lineage(direction, limits).await?;
    let answer = graph::Answer::of(&found);
    // `--json` takes precedence.
    match args.format {
        Format::Json => printer.as_json().answer(&answer, String::new),
        Format::Tree => printer.answer(&answer, || tree::draw(&found)),
        Format::Dot => printer.answer(&answer, || graph::dot(&found)),
        Format::Mermaid => printer.answer(&answer, || graph::mermaid(&found)),
    }
    Ok(Exit::Done)
}

/// Returns what a node is called: an address.
fn label(node: &LineageNode) -> String {
    match node {
        LineageNode::Artifact(record) => record.address().to_string(),
        LineageNode::Run(record) => record.address.to_string(),
    }
}

/// Returns whether the walk stopped at a node because of the depth limit.
fn is_unexplored(lineage: &Lineage, node: usize) -> bool {
    lineage.unexplored.contains(&node)
}
