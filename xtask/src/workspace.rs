//! Where the workspace is and what is in it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// Returns the folder of the root manifest, wherever `cargo xtask` was called.
pub(crate) fn root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = here.parent().context("xtask has no parent folder")?;
    Ok(root.to_path_buf())
}

/// Returns the workspace's own packages, without their dependencies' metadata.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new()
        .no_deps()
        .exec()
        .context("`cargo metadata --no-deps` failed")
}

/// Returns the folder builds go to.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf())
}
