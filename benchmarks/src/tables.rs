//! Tables of many rows: ours and the official client's, written and read.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::data::Scratch;
use super::usage::{self, Usage};
use xtask::process::{cargo, run};
use xtask::workspace;

/// One program and its resource usage.
struct Row {
    label: &'static str,
    usage: Usage,
}

/// Measures both clients on the same rows, and prints a table.
pub(super) fn measure(python: Option<&Path>, scratch: &Scratch, is_quick: bool) -> Result<()> {
    let rows = if is_quick { "50000" } else { "1000000" };
    let program = build()?;
    let folder = scratch.folder("tables")?;
    let report = folder.join("usage.txt");
    let (own, theirs) = (folder.join("ours.json"), folder.join("theirs.json"));
    let ours = |label, words: &[&Path]| row(label, &program, words, &report);
    let path = Path::new;
    let mut measured = vec![
        ours("wandb-rs, write rows", &[path("write"), &own, path(rows)])?,
        ours("wandb-rs, read rows", &[path("read"), &own])?,
        ours("wandb-rs, load a table", &[path("load"), &own])?,
    ];
    if let Some(python) = python {
        let script = path("compat/bench_official_tables.py");
        let official = |label, words: &[&Path]| {
            let words: Vec<_> = [script].iter().chain(words).copied().collect();
            row(label, python, &words, &report)
        };
        measured.push(official(
            "official client, write",
            &[path("write"), &theirs, path(rows)],
        )?);
        measured.push(official("official client, read", &[path("read"), &theirs])?);
        ensure!(
            fs::read(&own)? == fs::read(&theirs)?,
            "the two clients wrote different files"
        );
    }
    let size = fs::metadata(&own)?.len();
    print(rows, size, &measured);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

/// Builds the example for release, and returns its path.
fn build() -> Result<PathBuf> {
    run(&mut cargo([
        "build",
        "--release",
        "--package",
        "wandb-rs",
        "--no-default-features",
        "--example",
        "table_rows",
    ]))?;
    Ok(workspace::target()?
        .join("release/examples")
        .join(format!("table_rows{}", std::env::consts::EXE_SUFFIX)))
}

fn row(label: &'static str, program: &Path, words: &[&Path], report: &Path) -> Result<Row> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let usage = usage::of(program, &words, report)?;
    Ok(Row { label, usage })
}

fn print(rows: &str, size: u64, measured: &[Row]) {
    println!(
        "\ntables: {rows} rows of 5 columns, {} MB, read from memory",
        size / 1_000_000
    );
    println!("                                 wall s      CPU s   peak MiB");
    for Row { label, usage } in measured {
        println!(
            "  {label:<26}{:>11.3}{:>11.2}{:>11}",
            usage.wall.as_secs_f64(),
            usage.cpu.as_secs_f64(),
            usage.peak_kib.div_ceil(1024),
        );
    }
    let [write, read, load, theirs @ ..] = measured else {
        return;
    };
    if let [their_write, their_read] = theirs {
        let ratio = |theirs: &Row, ours: &Row| {
            theirs.usage.wall.as_secs_f64() / ours.usage.wall.as_secs_f64()
        };
        println!(
            "  against the official client, the same bytes: written {:.0} times faster, read {:.0}, loaded {:.0}",
            ratio(their_write, write),
            ratio(their_read, read),
            ratio(their_read, load),
        );
    }
}
