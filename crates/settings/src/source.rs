//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from, for people who wonder why it is what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag, or a call of the library.
    Explicit,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}, line {line}", path.display()),
            Self::Variable(variable) => formatter.write_str(variable),
            Self::Explicit => formatter.write_str("command line or program"),
        }
    }
}
