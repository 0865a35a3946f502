//! Files, folders and references to add.

use std::path::{Path, PathBuf};

use artifact_core::{AddReference, InvalidValue, LogicalPath, ReferenceUri};

/// A local file to add. A path alone will do without options.
#[derive(Debug, Clone)]
#[must_use]
pub struct AddFile {
    pub(super) local: PathBuf,
    pub(super) name: Option<String>,
    pub(super) overwrite: bool,
}

impl AddFile {
    /// Returns the file at `local`, under its base name.
    pub fn new(local: impl Into<PathBuf>) -> Self {
        Self {
            local: local.into(),
            name: None,
            overwrite: false,
        }
    }

    /// Gives the file another path in the artifact; the empty text counts as none.
    pub fn name(mut self, path: impl Into<String>) -> Self {
        self.name = Some(path.into()).filter(|name| !name.is_empty());
        self
    }

    /// Takes the place of whatever has the same path.
    pub const fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }
}

/// A local folder to add. A path alone will do without options.
#[derive(Debug, Clone)]
#[must_use]
pub struct AddDir {
    pub(super) local: PathBuf,
    name: Option<String>,
    pub(super) exclude: Vec<String>,
    pub(super) merge: bool,
}

impl AddDir {
    /// Returns the folder at `local`, with its content at the artifact's root.
    pub fn new(local: impl Into<PathBuf>) -> Self {
        Self {
            local: local.into(),
            name: None,
            exclude: Vec::new(),
            merge: false,
        }
    }

    /// Puts the content below `path` in the artifact; `.` and the empty text mean the root.
    pub fn name(mut self, path: impl Into<String>) -> Self {
        self.name = Some(path.into());
        self
    }

    /// Leaves out what matches `pattern`, seen from the folder: `*.tmp`, `cache/**`. `*` also matches `/`.
    pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
        self.exclude.push(pattern.into());
        self
    }

    /// Takes the place of whatever has the same paths.
    pub const fn merge(mut self) -> Self {
        self.merge = true;
        self
    }

    /// Returns the folder in the artifact; `None` for its root.
    pub(super) fn prefix(&self) -> Result<Option<LogicalPath>, InvalidValue> {
        let is_root = |name: &str| {
            name.split('/').all(|part| matches!(part, "" | ".")) && !name.starts_with('/')
        };
        match self.name.as_deref() {
            None => Ok(None),
            Some(name) if is_root(name) => Ok(None),
            Some(name) => name.parse().map(Some),
        }
    }
}

/// Conversion into a reference: from a URI, or a URI with options.
pub trait ToReference {
    /// Returns the reference.
    ///
    /// # Errors
    /// When it is no URI.
    fn to_reference(self) -> Result<AddReference, InvalidValue>;
}

impl ToReference for AddReference {
    fn to_reference(self) -> Result<AddReference, InvalidValue> {
        Ok(self)
    }
}

impl ToReference for &str {
    fn to_reference(self) -> Result<AddReference, InvalidValue> {
        self.parse::<ReferenceUri>().map(AddReference::new)
    }
}

/// A path alone names a file or a folder.
macro_rules! from_path {
    ($($path:ty),*) => {$(
        impl From<$path> for AddFile {
            fn from(path: $path) -> Self {
                Self::new(path)
            }
        }

        impl From<$path> for AddDir {
            fn from(path: $path) -> Self {
                Self::new(path)
            }
        }
    )*};
}
from_path!(&str, String, &String, &Path, PathBuf, &PathBuf);
