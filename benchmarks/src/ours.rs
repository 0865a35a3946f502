//! Our program over an embedded store: put, put again, get.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::table::Row;
use crate::usage;
use xtask::process::{cargo, output, run};
use xtask::workspace;

/// Builds the program for release and returns its path.
pub(super) fn build() -> Result<PathBuf> {
    run(&mut cargo([
        "build",
        "--release",
        "--package",
        "wandb-rs-cli",
        "--bin",
        "wandb-rs",
    ]))?;
    Ok(workspace::target()?
        .join("release")
        .join(format!("wandb-rs{}", std::env::consts::EXE_SUFFIX)))
}

/// Logs `data` twice into a new store in `folder`, downloads it, and compares the copy with the data.
pub(super) fn measure(program: &Path, data: &Path, folder: &Path) -> Result<Vec<Row>> {
    let store = folder.join("store");
    let copy = folder.join("copy");
    let report = folder.join("usage.txt");
    let artifact = |arguments: &[&Path]| {
        let mut all: Vec<OsString> = vec!["artifact".into()];
        all.extend(arguments.iter().map(OsString::from));
        all.extend([
            "--store".into(),
            store.clone().into(),
            "--json".into(),
            "--quiet".into(),
        ]);
        usage::of(program, &all, &report)
    };
    let path = Path::new;
    let put = [path("put"), data, path("--name"), path("bench")];
    let rows = vec![
        Row::new("wandb-rs put", artifact(&put)?),
        Row::new("wandb-rs put, unchanged", artifact(&put)?),
        Row::new(
            "wandb-rs get",
            artifact(&[path("get"), path("bench:latest"), path("--root"), &copy])?,
        ),
    ];
    let differences = output(Command::new("diff").arg("-rq").arg(data).arg(&copy))?;
    ensure!(
        differences.is_empty(),
        "what came back is not what was put:\n{differences}"
    );
    Ok(rows)
}
