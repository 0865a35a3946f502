//! Whether there is a server, and what becomes of a run that is there already.

use std::fmt;
use std::str::FromStr;

use super::error::Unusable;

/// Whether there is a server at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// There is one, for those who have credentials.
    #[default]
    Online,
    /// No server is asked: everything goes into the embedded store.
    Offline,
    /// Nothing is logged anywhere.
    Disabled,
    /// As online, where several processes write one run.
    Shared,
}

impl Mode {
    /// Returns the name that settings have for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Disabled => "disabled",
            Self::Shared => "shared",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            // The older words are still in scripts.
            "online" | "run" => Ok(Self::Online),
            "offline" | "dryrun" => Ok(Self::Offline),
            "disabled" => Ok(Self::Disabled),
            "shared" => Ok(Self::Shared),
            _ => Err(Unusable::not_one_of(
                text,
                "online, offline, disabled and shared",
            )),
        }
    }
}

/// What becomes of a run whose id is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resume {
    /// It is continued; where there is none, it begins.
    Allow,
    /// It is continued; there must be one.
    Must,
    /// There must be none.
    Never,
    /// The last run on this machine is continued if it did not end well.
    Auto,
}

impl Resume {
    /// Returns the name that settings have for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Must => "must",
            Self::Never => "never",
            Self::Auto => "auto",
        }
    }
}

impl FromStr for Resume {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "must" => Ok(Self::Must),
            "never" => Ok(Self::Never),
            "auto" => Ok(Self::Auto),
            _ => Err(Unusable::not_one_of(text, "allow, must, never and auto")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_it_names() {
        for mode in [Mode::Online, Mode::Offline, Mode::Disabled, Mode::Shared] {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        for resume in [Resume::Allow, Resume::Must, Resume::Never, Resume::Auto] {
            assert_eq!(resume.as_str().parse(), Ok(resume));
        }
        assert_eq!("dryrun".parse(), Ok(Mode::Offline));
        assert_eq!("run".parse(), Ok(Mode::Online));
    }

    #[test]
    fn what_is_accepted_is_named() {
        let error = "Offline".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"Offline\" is none of online, offline, disabled and shared"
        );
    }
}
