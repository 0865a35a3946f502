//! Folders in which a client keeps state of its own on this machine.

use std::path::{Path, PathBuf};

use storage_adapters::{Cache, VERSIONS_FOLDER};

use crate::{Error, Settings};

/// Returns the cache of content, which the official client shares.
///
/// # Errors
/// [`Error::NoHome`] when there is no folder for it.
pub fn content_cache(settings: &Settings) -> Result<Cache, Error> {
    let cache = Cache::new(cache_folder(settings)?);
    Ok(match settings.cache_quota {
        Some(bytes) => cache.with_quota(bytes),
        None => cache,
    })
}

/// Returns the folder for content and metadata that a server can provide again.
///
/// # Errors
/// [`Error::NoHome`] when neither the settings nor the system name one.
pub fn cache_folder(settings: &Settings) -> Result<&Path, Error> {
    settings.cache_dir.as_deref().ok_or(Error::NoHome)
}

/// Returns the folder for data that exists nowhere else, such as journals of uploads.
///
/// # Errors
/// [`Error::NoHome`] when neither the settings nor the system name one.
pub fn data_folder(settings: &Settings) -> Result<&Path, Error> {
    settings.data_dir.as_deref().ok_or(Error::NoHome)
}

/// Returns the folder that caches records of versions, by server.
///
/// # Errors
/// [`Error::NoHome`] when there is no folder for it.
pub fn versions_folder(settings: &Settings) -> Result<PathBuf, Error> {
    Ok(cache_folder(settings)?.join(VERSIONS_FOLDER))
}

/// Returns the folder that stages content while it is copied between registries.
pub(crate) fn copies_folder(settings: &Settings) -> Result<PathBuf, Error> {
    Ok(cache_folder(settings)?.join("wandb-rs-copies"))
}
