//! Types of values, and how they are parsed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::Unusable;

/// Reads yes or no.
pub(crate) fn yes_or_no(text: &str) -> Result<bool, Unusable> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err(Unusable::not_one_of(
            text,
            "true, yes, on and 1, or false, no, off and 0",
        )),
    }
}

/// Reads a time in seconds that is more than none.
pub(crate) fn seconds(text: &str) -> Result<Duration, Unusable> {
    text.trim()
        .parse()
        .ok()
        .filter(|seconds| 0.0 < *seconds)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| Unusable::new(format_args!("{text:?} is no number of seconds above 0")))
}

/// Reads a number above 0.
pub(crate) fn count(text: &str) -> Result<u32, Unusable> {
    text.trim()
        .parse()
        .ok()
        .filter(|count| 0 < *count)
        .ok_or_else(|| {
            Unusable::new(format_args!(
                "{text:?} is no whole number from 1 to {}",
                u32::MAX
            ))
        })
}

/// Reads an amount of bytes: `10MB`, `500KiB`, `1.5 GB`, `2000`. A fraction of a byte does not count.
///
/// # Errors
/// [`Unusable`] when it is none.
pub fn bytes(text: &str) -> Result<u64, Unusable> {
    let bad = || {
        Unusable::new(format_args!(
            "{text:?} is no amount of bytes; write `10GB` or `500MiB`"
        ))
    };
    let amount = text.trim();
    let end = amount.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = amount.split_at(end.unwrap_or(amount.len()));
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    let bytes = number.parse::<f64>().map_err(|_| bad())? * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within bounds, and a fraction of a byte does not matter"
    )]
    match bytes {
        0.0..1e18 => Ok(bytes as u64),
        _ => Err(bad()),
    }
}

/// Reads words with commas between them; an empty word is none.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether a server is used at all.
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

/// The treatment of a run whose id is taken.
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

/// Headers of every request, by name. Their values may be secrets and are never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtraHeaders(BTreeMap<String, String>);

impl ExtraHeaders {
    /// Returns the names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl fmt::Debug for ExtraHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = formatter.debug_map();
        for name in self.0.keys() {
            map.entry(name, &format_args!(".."));
        }
        map.finish()
    }
}

impl FromStr for ExtraHeaders {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser's own message could quote the text.
        let headers: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
            Unusable::new("it is no JSON object of texts, such as {\"name\": \"value\"}")
        })?;
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
        };
        let is_value = |value: &str| !value.chars().any(|c| c.is_control() && c != '\t');
        for (name, value) in &headers {
            if !is_name(name) {
                return Err(Unusable::new(format_args!(
                    "{name:?} is no name of a header"
                )));
            }
            if !is_value(value) {
                return Err(Unusable::new(format_args!(
                    "the header {name:?} has control characters"
                )));
            }
        }
        Ok(Self(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_many_words() {
        for (word, expected) in [
            ("Yes", true),
            ("1", true),
            ("ON", true),
            ("f", false),
            ("0", false),
        ] {
            assert_eq!(yes_or_no(word), Ok(expected));
        }
        assert!(
            yes_or_no("maybe")
                .unwrap_err()
                .to_string()
                .contains("\"maybe\"")
        );
    }

    #[test]
    fn times_and_counts_are_more_than_none() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "nan", "inf", "1e300", "ten", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!(count("5000"), Ok(5000));
        for text in ["0", "-1", "1.5", "4294967296", ""] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_have_units_of_both_kinds() {
        for (text, expected) in [
            ("0", 0),
            ("2000", 2000),
            ("10MB", 10_000_000),
            ("500KiB", 512_000),
            ("1.5 GB", 1_500_000_000),
            ("3k", 3_000),
            ("1gib", 1 << 30),
            ("2TiB", 2 << 40),
        ] {
            assert_eq!(bytes(text).ok(), Some(expected), "{text}");
        }
        for text in ["", "MB", "-1", "much", "1.2.3", "10 parsecs"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_have_no_space_around_them() {
        assert_eq!(words("a, b c ,,"), ["a", "b c"]);
    }

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

    #[test]
    fn headers_are_an_object_of_texts() {
        let headers: ExtraHeaders = r#"{"X-Team": "a", "Proxy-Authorization": "secret"}"#
            .parse()
            .unwrap();
        let pairs: Vec<_> = headers.iter().collect();
        assert_eq!(pairs, [("Proxy-Authorization", "secret"), ("X-Team", "a")]);
        assert_eq!(
            format!("{headers:?}"),
            r#"{"Proxy-Authorization": .., "X-Team": ..}"#
        );
    }

    #[test]
    fn what_would_break_a_request_is_refused() {
        for text in [
            "secret",
            "[]",
            r#"{"a": 1}"#,
            r#"{"a b": "secret"}"#,
            r#"{"": ""}"#,
        ] {
            let error = text.parse::<ExtraHeaders>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let split = "{\"a\": \"secret\\r\\nHost: b\"}".parse::<ExtraHeaders>();
        assert_eq!(
            split.unwrap_err().to_string(),
            "the header \"a\" has control characters"
        );
    }
}
