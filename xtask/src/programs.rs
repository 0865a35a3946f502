//! The programs of the workspace, built with the features of the tests, so that nothing is compiled twice.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use anyhow::Result;

use xtask::{process, workspace};

/// The folder of the workspace's programs.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds all commands and examples.
    pub(crate) fn build() -> Result<Self> {
        let build = ["build", "--workspace", "--bins", "--examples"];
        process::run(&mut process::cargo(build))?;
        Ok(Self {
            folder: workspace::target()?.join("debug"),
        })
    }

    /// Returns the path of a command; its examples are in the folder `examples` beside it.
    pub(crate) fn command(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{EXE_SUFFIX}"))
    }

    /// Returns the path of an example.
    pub(crate) fn example(&self, name: &str) -> PathBuf {
        self.folder
            .join("examples")
            .join(format!("{name}{EXE_SUFFIX}"))
    }
}
