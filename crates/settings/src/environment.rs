//! What the process was started with: variables, and the folders of its user.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// What the process was started with. It holds secrets, so it cannot be printed.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    working_folder: PathBuf,
    home: Option<PathBuf>,
    data: Option<PathBuf>,
    cache: Option<PathBuf>,
}

impl Environment {
    /// Returns that of this process; the only place that asks for it.
    pub(crate) fn of_process() -> Self {
        let strategy = etcetera::choose_base_strategy().ok();
        Self {
            variables: std::env::vars_os().collect(),
            // Where it has been removed, relative paths still mean what they mean to the system.
            working_folder: std::env::current_dir().unwrap_or_else(|_| ".".into()),
            home: etcetera::home_dir().ok(),
            data: strategy.as_ref().map(BaseStrategy::data_dir),
            cache: strategy.as_ref().map(BaseStrategy::cache_dir),
        }
    }

    /// Returns one with these variables, in which home and working folder lie in `folder`.
    #[cfg(test)]
    pub(super) fn in_folder(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let home = folder.join("home");
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            working_folder: folder.join("work"),
            data: Some(home.join(".local/share")),
            cache: Some(home.join(".cache")),
            home: Some(home),
        }
    }

    /// Returns what a variable says; an empty one says nothing.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the path that a variable names.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(|path| self.expand(path))
    }

    /// Returns the path that `text` means: `~` at its beginning is the home folder, also where no shell has seen it.
    pub(super) fn expand(&self, text: &OsStr) -> PathBuf {
        let path = Path::new(text);
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    pub(super) fn working_folder(&self) -> &Path {
        &self.working_folder
    }

    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Returns the user's folder for data.
    pub(super) fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// Returns the user's folder for what can be had again.
    pub(super) fn cache(&self) -> Option<&Path> {
        self.cache.as_deref()
    }
}
