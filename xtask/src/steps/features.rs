//! `features`: each crate builds alone, by default, without features, and with each feature alone; the library with one
//! registry brings no crates of the other.
//!
//! In a build of the whole workspace one crate's features switch on what another forgot to ask for.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use cargo_metadata::Package;

use xtask::{process, workspace};

/// The package of the library.
const LIBRARY: &str = "wandb-rs";

/// Features of the library, the most crates of their tree, and crates that must not be among them.
const TREES: &[(&str, usize, &[&str])] = &[
    ("embedded,file", 120, &["reqwest", "hyper", "rustls"]),
    (
        "remote,file",
        175,
        &["rusqlite", "libsqlite3-sys", "wandb-rs-artifact-store"],
    ),
];

pub(super) fn run() -> Result<()> {
    for package in workspace::metadata()?.workspace_packages() {
        for features in feature_sets(package) {
            check(&package.name, &features)?;
        }
    }
    TREES.iter().try_for_each(|(features, most, absent)| {
        check(LIBRARY, &["--no-default-features", "--features", features])?;
        let crates = tree(features)?;
        ensure!(
            crates.len() <= *most,
            "{LIBRARY} with {features} has {} crates, more than {most}",
            crates.len()
        );
        for name in *absent {
            let is_there = crates.iter().any(|(found, _)| found == name);
            ensure!(!is_there, "{LIBRARY} with {features} must not bring {name}");
        }
        Ok(())
    })
}

fn check(package: &str, features: &[&str]) -> Result<()> {
    let mut command = process::cargo(["check", "--package", package]);
    process::run(command.args(features))
}

fn feature_sets(package: &Package) -> Vec<Vec<&str>> {
    let mut sets = vec![vec![]];
    if !package.features.is_empty() {
        sets.push(vec!["--no-default-features"]);
    }
    let alone = package.features.keys().filter(|name| *name != "default");
    sets.extend(alone.map(|name| vec!["--no-default-features", "--features", name]));
    sets
}

/// Returns the names and versions of the crates that the library builds with `features`, those of build scripts aside.
fn tree(features: &str) -> Result<BTreeSet<(String, String)>> {
    let mut command = process::cargo(["tree", "--package", LIBRARY, "--no-default-features"]);
    command.args(["--features", features, "--edges", "normal"]);
    command.args(["--prefix", "none"]);
    let listed = process::output(&mut command)?;
    let crates = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    Ok(crates.collect())
}
