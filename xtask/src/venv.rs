//! Python environments with the official client or with servers.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// A Python environment. The first package of the official client's environments is the client.
#[derive(Debug)]
pub struct Venv {
    folder: &'static str,
    packages: &'static [&'static str],
}

/// The official client that this project is compatible with, its imports for XXH128 digests and cloud references, and
/// the imports of the tests: the runner, data frames, pictures.
pub const NEWEST: Venv = Venv {
    folder: "compat-venv",
    packages: &[
        "wandb==0.31.0",
        "xxhash==4.1.0",
        "boto3==1.44.8",
        "google-cloud-storage==3.17.1",
        "pandas==3.1.1",
        "pillow==13.0.0",
        "pytest==9.2.0",
        "pytest-xdist==3.8.0",
    ],
};

/// The oldest client that gets through the tests for every client (0.24.0 was withdrawn). Up to 0.23.1 it takes the number
/// of a linked version from an alias `v<n>` of the portfolio, or else from the version's own sequence, and never from the
/// membership: where the two differ it downloads another version.
pub const OLDEST: Venv = Venv {
    folder: "oldest-venv",
    packages: &[
        "wandb==0.24.1",
        "boto3==1.44.8",
        "google-cloud-storage==3.17.1",
        "pandas==3.1.1",
        "pillow==13.0.0",
        "pytest==9.2.0",
        "pytest-xdist==3.8.0",
    ],
};

impl Venv {
    /// Describes an environment with these packages in a folder of the build folder.
    #[must_use]
    pub const fn new(folder: &'static str, packages: &'static [&'static str]) -> Self {
        Self { folder, packages }
    }

    /// Returns the client's requirement: name and version.
    #[must_use]
    pub const fn client(&self) -> &'static str {
        self.packages[0]
    }

    /// Returns the environment's Python; makes the environment if it is missing or holds other packages.
    ///
    /// # Errors
    /// The environment cannot be made.
    pub fn python(&self) -> Result<PathBuf> {
        let folder = workspace::target()?.join(self.folder);
        let python = folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        let stamp = folder.join("packages.txt");
        let wanted = self.packages.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            return Ok(python);
        }
        process::run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        )?;
        process::run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet"])
                .args(self.packages),
        )?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(python)
    }
}
