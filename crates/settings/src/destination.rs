//! Where a client goes, and why.

use std::fmt;
use std::path::PathBuf;

use super::Settings;
use super::base_url::BaseUrl;
use super::credentials::{Credentials, FoundCredentials};
use super::error::SettingsError;
use super::key::Key;
use super::mode::Mode;
use super::source::Source;

/// Where a client goes. Exhaustive, because a client must be able to go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a server.
    Server {
        /// Where it is.
        base_url: BaseUrl,
        /// What it knows the user by.
        credentials: Credentials,
    },
    /// To the embedded store.
    Embedded {
        /// Its folder.
        store: PathBuf,
    },
    /// Nowhere: nothing is logged.
    Disabled,
}

/// Where a client goes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// Where.
    pub target: Target,
    /// Why.
    pub reason: TargetReason,
}

/// Why a client goes where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetReason {
    /// The mode leaves no choice.
    Mode {
        /// The mode.
        mode: Mode,
        /// Where it comes from.
        source: Source,
    },
    /// The program or the command line names a store.
    StoreNamed,
    /// There are credentials for the server.
    Credentials {
        /// Where they were found.
        source: Source,
    },
    /// There are no credentials for the server.
    NoCredentials {
        /// The server.
        base_url: BaseUrl,
    },
}

impl fmt::Display for TargetReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode { mode, source } => write!(formatter, "the mode is {mode} ({source})"),
            Self::StoreNamed => formatter.write_str("a store was named"),
            Self::Credentials { source } => write!(formatter, "there are credentials ({source})"),
            Self::NoCredentials { base_url } => {
                write!(formatter, "there are no credentials for {base_url}")
            }
        }
    }
}

impl Settings {
    /// Decides where a client goes:
    ///
    /// | mode | store named by the program or a flag | credentials | goes |
    /// |---|---|---|---|
    /// | disabled | | | nowhere |
    /// | offline | | | to the embedded store |
    /// | online, shared | yes | | to that store |
    /// | online, shared | no | found | to the server |
    /// | online, shared | no | none | to the embedded store |
    ///
    /// Credentials are looked for only where they count.
    ///
    /// # Errors
    /// As [`credentials`](Self::credentials).
    pub fn destination(&self) -> Result<Destination, SettingsError> {
        let embedded = || Target::Embedded {
            store: self.store.clone(),
        };
        let by_mode = || TargetReason::Mode {
            mode: self.mode,
            source: self.source(Key::Mode).clone(),
        };
        let (target, reason) = match self.mode {
            Mode::Disabled => (Target::Disabled, by_mode()),
            Mode::Offline => (embedded(), by_mode()),
            Mode::Online | Mode::Shared if *self.source(Key::Store) == Source::Explicit => {
                (embedded(), TargetReason::StoreNamed)
            }
            Mode::Online | Mode::Shared => match self.credentials()? {
                Some(found) => self.server(found),
                None => (embedded(), self.no_credentials()),
            },
        };
        Ok(Destination { target, reason })
    }

    fn server(&self, found: FoundCredentials) -> (Target, TargetReason) {
        let FoundCredentials {
            credentials,
            source,
        } = found;
        let base_url = self.base_url.clone();
        (
            Target::Server {
                base_url,
                credentials,
            },
            TargetReason::Credentials { source },
        )
    }

    fn no_credentials(&self) -> TargetReason {
        TargetReason::NoCredentials {
            base_url: self.base_url.clone(),
        }
    }
}
