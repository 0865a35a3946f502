//! Steps that are one cargo command, or the same one with several sets of features.

use std::process::Command;

use anyhow::Result;

use crate::programs::Programs;
use xtask::process::{cargo, run};
use xtask::workspace;

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

/// Without private items, as readers see it, so that a public page that links to a private item is found.
pub(super) fn doc() -> Result<()> {
    let mut command = cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs every example from the root, where they find files to work on. Some are programs of their own crates.
pub(super) fn examples() -> Result<()> {
    let root = workspace::root()?;
    let of_their_own = root.join("examples");
    let programs = Programs::build()?;
    for package in workspace::metadata()?.workspace_packages() {
        let is_example = package.manifest_path.starts_with(&of_their_own);
        for target in &package.targets {
            let program = match () {
                () if target.is_example() => programs.example(&target.name),
                () if is_example && target.is_bin() => programs.command(&target.name),
                () => continue,
            };
            run(Command::new(program).current_dir(&root))?;
        }
    }
    Ok(())
}

/// Under `cargo test` a criterion benchmark runs once, unmeasured.
pub(super) fn benches() -> Result<()> {
    run(&mut cargo(["test", "--workspace", "--bench", "*"]))
}
