//! `wandb-rs artifact diff`: shows the differences between two versions.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;
use wandb_rs::ArtifactAddress;

use super::{Exit, Failure, Printer, text};
use wandb_rs::{ArtifactDiff, ChangedEntry, Client, ContentDiff, SizedPath, Tensor};

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// Address of the older version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    #[arg(value_name = "OLDER")]
    older: ArtifactAddress,
    /// Address of the newer version.
    #[arg(value_name = "NEWER")]
    newer: ArtifactAddress,
}

/// The output of `diff --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean the older version.
    older: String,
    newer: String,
    added: Vec<Sized>,
    removed: Vec<Sized>,
    changed: Vec<Changed>,
    /// The number of equal entries.
    unchanged: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sized {
    path: String,
    size: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    path: String,
    old_size: Option<u64>,
    new_size: Option<u64>,
    /// Of `.safetensors` files.
    #[serde(skip_serializing_if = "Option::is_none")]
    tensors: Option<Tensors>,
    /// Of `.table.json` files: the older count, then the newer.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<[u64; 2]>,
    /// Why a file of such a kind was not looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tensors {
    added: Vec<TensorRow>,
    removed: Vec<TensorRow>,
    /// The older one, then the newer.
    changed: Vec<[TensorRow; 2]>,
    /// The number of tensors of equal shape and type; their values may differ.
    same: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TensorRow {
    name: String,
    dtype: String,
    shape: Vec<u64>,
}

pub(super) async fn run(
    args: DiffArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let older = client.artifact(args.older).await?;
    let newer = client.artifact(args.newer).await?;
    let found = older.diff(&newer).await?;
    let is_same = found.is_empty();
    let answer = answer(older.to_string(), newer.to_string(), found);
    printer.answer(&answer, || people(&answer));
    Ok(if is_same { Exit::Done } else { Exit::Differs })
}

fn answer(older: String, newer: String, found: ArtifactDiff) -> Answer {
    let sized = |paths: Vec<SizedPath>| {
        let rows = paths.into_iter().map(|SizedPath { path, size }| Sized {
            path: path.into(),
            size,
        });
        rows.collect()
    };
    Answer {
        older,
        newer,
        added: sized(found.added),
        removed: sized(found.removed),
        changed: found.changed.into_iter().map(changed).collect(),
        unchanged: found.unchanged,
    }
}

fn changed(entry: ChangedEntry) -> Changed {
    let mut row = Changed {
        path: entry.path.into(),
        old_size: entry.old_size,
        new_size: entry.new_size,
        tensors: None,
        rows: None,
        unread: None,
    };
    match entry.content {
        Some(ContentDiff::Tensors(found)) => {
            let rows = |tensors: Vec<Tensor>| tensors.into_iter().map(tensor).collect();
            let both = found.changed.into_iter();
            row.tensors = Some(Tensors {
                added: rows(found.added),
                removed: rows(found.removed),
                changed: both.map(|(old, new)| [tensor(old), tensor(new)]).collect(),
                same: found.same,
            });
        }
        Some(ContentDiff::Rows { old, new }) => row.rows = Some([old, new]),
        Some(ContentDiff::Unread { why }) => row.unread = Some(why),
        _ => {}
    }
    row
}

fn tensor(tensor: Tensor) -> TensorRow {
    TensorRow {
        name: tensor.name,
        dtype: tensor.dtype,
        shape: tensor.shape,
    }
}

fn people(answer: &Answer) -> String {
    let size = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), text::size);
    let mut told = String::new();
    for (sign, paths) in [('+', &answer.added), ('-', &answer.removed)] {
        for entry in paths {
            _ = writeln!(told, "{sign} {} ({})", entry.path, size(entry.size));
        }
    }
    for entry in &answer.changed {
        let (old, new) = (size(entry.old_size), size(entry.new_size));
        _ = writeln!(told, "~ {} ({old} -> {new})", entry.path);
        if let Some([old, new]) = entry.rows {
            _ = writeln!(told, "    rows: {old} -> {new}");
        }
        if let Some(why) = &entry.unread {
            _ = writeln!(told, "    not compared: {why}");
        }
        if let Some(tensors) = &entry.tensors {
            told.push_str(&tensor_lines(tensors));
        }
    }
    let Answer { older, newer, .. } = answer;
    told + &format!(
        "{older} -> {newer}: {} added, {} removed, {} changed, {} the same\n",
        answer.added.len(),
        answer.removed.len(),
        answer.changed.len(),
        answer.unchanged
    )
}

fn tensor_lines(tensors: &Tensors) -> String {
    let told = |row: &TensorRow| format!("{} {:?}", row.dtype, row.shape);
    let mut lines = String::new();
    for (sign, rows) in [('+', &tensors.added), ('-', &tensors.removed)] {
        for row in rows {
            _ = writeln!(lines, "    {sign} {}: {}", row.name, told(row));
        }
    }
    for [old, new] in &tensors.changed {
        let (before, after) = (told(old), told(new));
        _ = writeln!(lines, "    ~ {}: {before} -> {after}", old.name);
    }
    let same = text::count(tensors.same, "tensor");
    lines + &format!("    {same} of the same shape and type\n")
}
