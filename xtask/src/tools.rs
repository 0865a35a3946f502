//! Tools that do not come with Rust: used if installed, installed on CI, otherwise an error.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use xtask::{process, workspace};

/// A tool from crates.io.
#[derive(Debug)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};
pub(crate) const MACHETE: Tool = Tool {
    name: "cargo-machete",
    version: "0.9.2",
};

impl Tool {
    /// Returns the tool, ready for arguments.
    pub(crate) fn command(&self) -> Result<Command> {
        let cached = tools_folder()?.join("bin").join(self.name);
        if process::succeeds(Command::new(&cached).arg("--version")) {
            return Ok(Command::new(cached));
        }
        if process::succeeds(Command::new(self.name).arg("--version")) {
            return Ok(Command::new(self.name));
        }
        if !on_ci() {
            bail!(
                "{0} is not installed; run\n    cargo install --locked {0}@{1}",
                self.name,
                self.version
            );
        }
        self.install()?;
        Ok(Command::new(cached))
    }

    /// Installs a debug build, which compiles in half the time of a release build.
    fn install(&self) -> Result<()> {
        let mut command = process::cargo(["install", "--locked", "--debug", "--root"]);
        command
            .arg(tools_folder()?)
            .arg(format!("{}@{}", self.name, self.version))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("CARGO_TARGET_DIR");
        process::run(&mut command)
    }
}

/// Returns a folder inside the build folder, so that a cache of the build folder has the tools too.
fn tools_folder() -> Result<PathBuf> {
    Ok(workspace::target()?.join("tools"))
}

fn on_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
