//! The folders and packages of the workspace.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// Returns the folder of the root manifest, wherever `cargo xtask` was called.
///
/// # Errors
/// The manifest folder of the running package has no parent.
pub fn root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = here.parent().context("this package has no parent folder")?;
    Ok(root.to_path_buf())
}

/// Makes the folder of the root manifest the working folder.
///
/// # Errors
/// The folder is missing.
pub fn enter() -> Result<()> {
    let root = root()?;
    std::env::set_current_dir(&root).with_context(|| format!("no folder {}", root.display()))
}

/// Returns the workspace's own packages, without their dependencies' metadata.
///
/// # Errors
/// `cargo metadata` fails.
pub fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .no_deps()
        .exec()
        .context("`cargo metadata --no-deps` failed")
}

/// Returns the build folder.
///
/// # Errors
/// `cargo metadata` fails.
pub fn target() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf())
}
