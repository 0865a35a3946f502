//! `features`: each crate builds alone, by default, without features, and with each feature alone.
//!
//! In a build of the whole workspace one crate's features switch on what another forgot to ask for.

use anyhow::Result;
use cargo_metadata::Package;

use xtask::{process, workspace};

pub(super) fn run() -> Result<()> {
    for package in workspace::metadata()?.workspace_packages() {
        for features in feature_sets(package) {
            process::run(
                process::cargo(["check", "--package", package.name.as_str()]).args(features),
            )?;
        }
    }
    Ok(())
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
