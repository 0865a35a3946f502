//! The target of a client, and the reason for it.

use std::fmt;
use std::path::PathBuf;

use crate::Settings;
use crate::base_url::BaseUrl;
use crate::credentials::{Credentials, FoundCredentials};
use crate::error::SettingsError;
use crate::key::Key;
use crate::key::Source;
use crate::values::Mode;

/// The target of a client. Exhaustive, because a client must support every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a server.
    Server {
        /// Its address.
        base_url: BaseUrl,
        /// The credentials of the user.
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

/// The target of a client, and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The target.
    pub target: Target,
    /// The reason.
    pub reason: TargetReason,
}

/// The reason for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetReason {
    /// The mode leaves no choice.
    Mode {
        /// The mode.
        mode: Mode,
        /// The source of the mode.
        source: Source,
    },
    /// The program or the command line names a store.
    StoreNamed,
    /// There are credentials for the server.
    Credentials {
        /// Their source.
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
