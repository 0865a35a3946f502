//! Steps that are one cargo command, or the same one with several sets of features.

use anyhow::Result;

use crate::process::{cargo, run};

pub(super) fn fmt() -> Result<()> {
    run(&mut cargo(["fmt", "--all", "--check"]))
}

pub(super) fn clippy() -> Result<()> {
    for features in [&["--all-features"][..], &[], &["--no-default-features"]] {
        let mut command = cargo(["clippy", "--workspace", "--all-targets"]);
        run(command.args(features).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
}

/// Without private items: what readers get, and so that a public page that links to a private item is found.
pub(super) fn doc() -> Result<()> {
    let mut command = cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Under `cargo test` a criterion benchmark runs once, unmeasured.
pub(super) fn benches() -> Result<()> {
    run(&mut cargo(["test", "--workspace", "--bench", "*"]))
}
