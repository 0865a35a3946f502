//! API keys.

use std::fmt;
use std::str::FromStr;

/// The key that a server knows a user by. It is never printed.
///
/// Forty or more letters, digits, `_` and `-`, after a prefix that ends at the first `-` where there is one; or a token of
/// three parts with dots between them. Space around it is dropped.
///
/// ```
/// # extern crate settings as wandb_rs;
/// use wandb_rs::ApiKey;
///
/// let key: ApiKey = "local-0123456789012345678901234567890123456789".parse()?;
/// assert_eq!(format!("{key:?}"), "ApiKey(..)");
/// # Ok::<(), wandb_rs::InvalidApiKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The fewest characters of a key, without its prefix.
    pub const MIN_CHARS: usize = 40;

    /// Returns the key itself, for the one place that sends it and the one that keeps it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(..)")
    }
}

/// Why a text is no API key. It says nothing of the text but its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidApiKey {
    /// There is nothing.
    #[error("the API key is empty")]
    Empty,
    /// It has too few characters.
    #[error(
        "an API key has at least {} characters, not {chars}",
        ApiKey::MIN_CHARS
    )]
    TooShort {
        /// How many it has, without its prefix.
        chars: usize,
    },
    /// It has others than letters, digits, `_` and `-`.
    #[error("an API key has only letters, digits, `_` and `-`")]
    Character,
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidApiKey::Empty);
        }
        if !is_token(text) {
            let secret = text.split_once('-').map_or(text, |(_, secret)| secret);
            let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            // The prefix, too, must be a word of a netrc file.
            if !secret.chars().all(is_fine) || text.contains(char::is_whitespace) {
                return Err(InvalidApiKey::Character);
            }
            let chars = secret.chars().count();
            if chars < Self::MIN_CHARS {
                return Err(InvalidApiKey::TooShort { chars });
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// Returns whether a text looks like a signed token (JWT).
fn is_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    parts.len() == 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(is_base64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(prefix: &str, count: usize) -> Result<(), InvalidApiKey> {
        let text = format!("{prefix}{}", "a".repeat(count));
        text.parse::<ApiKey>().map(drop)
    }

    /// The results are those of the official client, which was run with the same keys.
    #[test]
    fn keys_have_forty_characters_after_their_prefix() {
        let short = |chars| Err(InvalidApiKey::TooShort { chars });
        assert_eq!(length("", 40), Ok(()));
        assert_eq!(length("", 41), Ok(()));
        assert_eq!(length("wandb_v1_", 77), Ok(()));
        assert_eq!(length("", 39), short(39));
        assert_eq!(length("local-", 40), Ok(()));
        assert_eq!(length("local-", 39), short(39));
        assert_eq!(length("foo-bar-", 36), Ok(()));
        let dash_at_the_end = format!("{}-", "a".repeat(39));
        assert_eq!(
            dash_at_the_end.parse::<ApiKey>(),
            Err(InvalidApiKey::TooShort { chars: 0 })
        );
    }

    #[test]
    fn tokens_have_three_parts() {
        assert!("a.b-_.c".parse::<ApiKey>().is_ok());
        for text in ["a..c", "a.b", "a.b.c.d", "a.b.c!"] {
            assert!(text.parse::<ApiKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_characters_are_refused() {
        for odd in ["a b", "a\nb", "a!", "a\"", "a b-"] {
            let text = format!("{odd}{}", "a".repeat(40));
            assert_eq!(
                text.parse::<ApiKey>(),
                Err(InvalidApiKey::Character),
                "{odd:?}"
            );
        }
        assert_eq!(" \n".parse::<ApiKey>(), Err(InvalidApiKey::Empty));
    }

    #[test]
    fn a_key_is_never_shown() {
        let text = "0123456789".repeat(4);
        let key: ApiKey = format!(" {text}\n").parse().unwrap();
        assert_eq!(key.expose(), text);
        assert_eq!(
            format!("{key:?} {:#?}", Some(&key)),
            "ApiKey(..) Some(\n    ApiKey(..),\n)"
        );
        let error = "secret!".parse::<ApiKey>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
