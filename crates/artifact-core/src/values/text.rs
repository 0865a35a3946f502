//! Shared by all checked texts: the error, and conversion from and to strings.

/// A text that breaks a rule of the domain.
///
/// The message names what was expected, the text as given, and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {text:?}: {reason}")]
pub struct InvalidValue {
    what: &'static str,
    text: String,
    reason: String,
}

impl InvalidValue {
    /// Returns the error that `text` is no `what`, because of `reason`.
    pub fn new(what: &'static str, text: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            what,
            text: text.into(),
            reason: reason.into(),
        }
    }

    /// Returns what the text should have been, as a noun phrase (`artifact name`).
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Returns the text as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the rule that the text breaks.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Says which rule of a name that people choose freely `text` breaks: one to 128 characters, none of `forbidden`, no
/// control character, no space at either end.
pub(crate) fn check_free_name(text: &str, forbidden: &[char]) -> Result<(), String> {
    const MAX_CHARS: usize = 128;
    if let Some(wrong) = text
        .chars()
        .find(|c| forbidden.contains(c) || c.is_control())
    {
        return Err(format!("{wrong:?} is not allowed"));
    }
    match text.chars().count() {
        0 => Err("it is empty".into()),
        n if MAX_CHARS < n => Err(format!(
            "it has {n} characters, at most {MAX_CHARS} are allowed"
        )),
        // An address drops the space around its pieces, so such a name could not be addressed.
        _ if text.trim() != text => Err("it starts or ends with a space".into()),
        _ => Ok(()),
    }
}

/// Refuses what would mean another place as a segment of a URL's path, however it is written there.
pub(crate) fn check_segment(text: &str) -> Result<(), String> {
    match text {
        "." | ".." => Err("it could not be part of a URL".into()),
        _ => Ok(()),
    }
}

/// Gives a `struct Name(String)` its one door, `TryFrom<String>`, and everything that goes through it.
///
/// `$check` is a `fn(&str) -> Result<(), String>` that says which rule a text breaks.
macro_rules! checked_text {
    ($name:ident, $what:literal, $check:path) => {
        impl TryFrom<String> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                match $check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(reason) => Err($crate::InvalidValue::new($what, text, reason)),
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::try_from(text.to_owned())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl $name {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}
pub(crate) use checked_text;
