//! Why settings cannot be used or kept.

use std::fmt;
use std::path::PathBuf;

use super::netrc::NetrcError;

/// Why settings cannot be used or kept. It never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An environment variable has a value that cannot be used.
    #[error("the environment variable {variable} cannot be used")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// What is wrong with its value.
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
        /// What is wrong, and in which line.
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
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Nothing says where something is to be.
    #[error("there is no home folder to keep the {what} in")]
    NoHome {
        /// What was to be kept.
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
                "say where the store is to be, with `--store DIR` or the environment variable WANDB_RS_STORE"
            }
            Self::NoHome { what: "netrc file" } => "say where it is to be with NETRC",
            Self::NoHome { .. } => "say where it is to be with WANDB_CONFIG_DIR",
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
