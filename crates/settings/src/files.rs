//! Which files settings and keys are in.

use std::path::PathBuf;

use super::environment::Environment;
use super::error::SettingsError;
use super::ini;
use super::replace::{self, Readers};

/// Where settings and keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    /// The folder of the global settings file; none where nobody has a home.
    pub(super) config_dir: Option<PathBuf>,
    /// The settings file of the working folder.
    pub(super) workspace: PathBuf,
    /// The netrc file.
    pub(super) netrc: Option<PathBuf>,
}

impl Files {
    pub(super) fn of(environment: &Environment) -> Self {
        let in_home = |name: &str| environment.home().map(|home| home.join(name));
        let hidden = environment.working_folder().join(".wandb");
        let folder = if hidden.is_dir() {
            hidden
        } else {
            environment.working_folder().join("wandb")
        };
        let netrc = environment.path("NETRC").or_else(|| {
            let usual = in_home(".netrc")?;
            let other = in_home("_netrc")?;
            Some(if !usual.exists() && other.exists() {
                other
            } else {
                usual
            })
        });
        Self {
            config_dir: environment
                .path("WANDB_CONFIG_DIR")
                .or_else(|| in_home(".config/wandb")),
            workspace: folder.join("settings"),
            netrc,
        }
    }

    /// Returns the global settings file.
    pub(super) fn global(&self) -> Option<PathBuf> {
        self.config_dir
            .as_ref()
            .map(|folder| folder.join("settings"))
    }
}

/// Sets a setting in a file, or removes it; every other line stays. Returns whether something changed.
pub(super) fn store(
    path: &std::path::Path,
    key: &str,
    value: Option<&str>,
) -> Result<bool, SettingsError> {
    let before = replace::read(path)?.unwrap_or_default();
    let after = ini::with(&before, key, value);
    if after == before {
        return Ok(false);
    }
    replace::write(path, &after, Readers::AsBefore)?;
    Ok(true)
}
