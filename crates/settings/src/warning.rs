//! What of a settings file is ignored, and why.

use std::fmt;
use std::path::PathBuf;

/// Something in a settings file that is ignored. One bad line makes no other line bad.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingsWarning {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1 on; none where it is about the file as a whole.
    pub line: Option<usize>,
    /// The setting; none where the line names none.
    pub key: Option<String>,
    /// Why it is ignored.
    pub reason: String,
}

impl fmt::Display for SettingsWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        match &self.key {
            Some(key) => write!(formatter, ": `{key}` is ignored: {}", self.reason),
            None => write!(formatter, " is ignored: {}", self.reason),
        }
    }
}
