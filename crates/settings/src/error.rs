//! Errors of settings, and warnings about ignored lines.

use std::fmt;
use std::path::PathBuf;

use crate::netrc::NetrcError;

/// An error of reading or writing settings. It never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An environment variable has a value that cannot be used.
    #[error("the environment variable {variable} cannot be used")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// The reason why its value is invalid.
        source: Unusable,
    },
    /// Two kinds of credentials are in the environment.
    #[error("both WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are set")]
    TwoCredentials,
    /// The netrc file is not of the form that netrc files have.
    #[error("the netrc file {} cannot be understood", path.display())]
    Netrc {
        /// The file.
        path: PathBuf,
        /// The syntax error.
        source: NetrcError,
    },
    /// A password in the netrc file is no API key.
    #[error("the password in {}, line {line}, is no API key", path.display())]
    NetrcKey {
        /// The file.
        path: PathBuf,
        /// The line that the entry begins in.
        line: usize,
        /// Why not.
        source: super::InvalidApiKey,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Neither a setting nor a home folder gives the location of something.
    #[error("no home folder for the {what}")]
    NoHome {
        /// The thing without a location.
        what: &'static str,
    },
}

impl SettingsError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Variable { variable, .. } => {
                return Some(format!("set {variable} to something else, or unset it"));
            }
            Self::TwoCredentials => "unset one of the two",
            Self::Netrc { .. } => {
                "repair that line, or name another file with NETRC; with WANDB_MODE=offline it is not read"
            }
            Self::NetrcKey { .. } => "`wandb-rs login --relogin` replaces it; or remove the entry",
            Self::NoHome { what: "store" } => {
                "set its location with `--store DIR` or the environment variable WANDB_RS_STORE"
            }
            Self::NoHome { what: "netrc file" } => "set its location with NETRC",
            Self::NoHome { .. } => "set its location with WANDB_CONFIG_DIR",
            Self::Read { .. } | Self::Write { .. } => return None,
        };
        Some(hint.into())
    }
}

/// Why a value cannot be used. It shows the value, unless that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Unusable {
    pub(super) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }

    pub(super) fn not_one_of(text: &str, accepted: &str) -> Self {
        Self(format!("{text:?} is none of {accepted}"))
    }
}

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
