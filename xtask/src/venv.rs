//! The Python environment with the official client, for comparisons with it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// The official client; the rest are what it imports for XXH128 digests and for cloud references.
const PACKAGES: &[&str] = &[
    "wandb==0.31.0",
    "xxhash==4.1.0",
    "boto3==1.44.8",
    "google-cloud-storage==3.17.1",
];

/// Returns the environment's Python; makes the environment if it is missing or holds other packages.
pub(crate) fn python() -> Result<PathBuf> {
    let folder = workspace::target()?.join("compat-venv");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let stamp = folder.join("packages.txt");
    let wanted = PACKAGES.join("\n");
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
            .args(PACKAGES),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}
