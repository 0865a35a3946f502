//! API keys and other credentials, and the files that hold them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::base_url::BaseUrl;
use crate::error::{SettingsError, Unusable};
use crate::key::Key;
use crate::key::Source;
use crate::resolve::{Layer, Layers};
use crate::{Settings, files, netrc};

/// Credentials of a user for a server. Exhaustive, because a client must be able to send them; `Debug` hides secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A key of the user's.
    ApiKey(ApiKey),
    /// A token of an identity provider, which the server exchanges for temporary access.
    IdentityToken {
        /// The file with the token.
        token_file: PathBuf,
        /// The file that caches the access token until it expires; `None` without a home folder.
        access_file: Option<PathBuf>,
    },
}

/// Credentials, and where they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundCredentials {
    /// The credentials.
    pub credentials: Credentials,
    /// Their source.
    pub source: Source,
}

/// An API key that a settings file holds, which is for the server that the files name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FiledKey {
    key: ApiKey,
    source: Source,
    server: BaseUrl,
}

impl FiledKey {
    /// Returns the keys in files, each with the server that this file and those below it name. A foreign working folder
    /// can name another server, which must not receive the key of the global file.
    pub(super) fn all(layers: &Layers) -> Vec<Self> {
        let text = |text: &std::ffi::OsStr| text.to_str().map(ToOwned::to_owned);
        let server_for = |layer: Layer| {
            let urls = layers.values(Key::BaseUrl).iter();
            urls.filter(|url| url.layer <= layer)
                .filter_map(|url| text(&url.text)?.parse().ok())
                .next_back()
                .unwrap_or_default()
        };
        layers
            .values(Key::ApiKey)
            .iter()
            .filter(|value| value.layer != Layer::Variables)
            .filter_map(|value| {
                Some(Self {
                    key: text(&value.text)?.parse().ok()?,
                    source: value.source.clone(),
                    server: server_for(value.layer),
                })
            })
            .collect()
    }
}

impl Settings {
    /// Returns the credentials for the server, the first of:
    ///
    /// 1. a key that the program gave ([`with_api_key`](Self::with_api_key)),
    /// 2. `WANDB_API_KEY`, or an identity token file,
    /// 3. the netrc file's entry for the server's host and port,
    /// 4. `api_key` of a settings file, if it is for this server.
    ///
    /// # Errors
    /// [`SettingsError::TwoCredentials`] when the environment has two kinds, [`SettingsError::Netrc`],
    /// [`SettingsError::NetrcKey`] and [`SettingsError::Read`] when the netrc file cannot be used.
    pub fn credentials(&self) -> Result<Option<FoundCredentials>, SettingsError> {
        let is_from_variable = |key| matches!(self.source(key), Source::Variable(_));
        if is_from_variable(Key::ApiKey) && is_from_variable(Key::IdentityTokenFile) {
            return Err(SettingsError::TwoCredentials);
        }
        if let Some(key) = &self.stated_key {
            return Ok(Some(FoundCredentials {
                credentials: Credentials::ApiKey(key.clone()),
                source: self.source(Key::ApiKey).clone(),
            }));
        }
        if let Some(token_file) = &self.identity_token_file {
            return Ok(Some(FoundCredentials {
                credentials: Credentials::IdentityToken {
                    token_file: token_file.clone(),
                    access_file: self.credentials_file.clone(),
                },
                source: self.source(Key::IdentityTokenFile).clone(),
            }));
        }
        let found = match self.netrc_key()? {
            Some(found) => Some(found),
            None => self.filed_key(),
        };
        Ok(found.map(|(key, source)| FoundCredentials {
            credentials: Credentials::ApiKey(key),
            source,
        }))
    }

    fn netrc_key(&self) -> Result<Option<(ApiKey, Source)>, SettingsError> {
        let Some(path) = self.files.netrc.clone() else {
            return Ok(None);
        };
        let content = files::read_bytes(&path)?;
        let found = match netrc::password(&content, self.base_url.host_and_port()) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(source) => return Err(SettingsError::Netrc { path, source }),
        };
        let line = found.line;
        match found.text.parse() {
            Ok(key) => Ok(Some((key, Source::File { path, line }))),
            Err(source) => Err(SettingsError::NetrcKey { path, line, source }),
        }
    }

    fn filed_key(&self) -> Option<(ApiKey, Source)> {
        let is_for_it = |filed: &&FiledKey| filed.server.origin() == self.base_url.origin();
        let filed = self.filed_keys.iter().rfind(is_for_it)?;
        Some((filed.key.clone(), filed.source.clone()))
    }

    /// Keeps a key in the netrc file, in place of an older one for the same host, and returns the file.
    ///
    /// # Errors
    /// [`SettingsError::Netrc`] when the file has a form that netrc files do not have; it is left alone then.
    /// [`SettingsError::Read`] and [`SettingsError::Write`] when the system refuses, [`SettingsError::NoHome`] when there
    /// is no place for it.
    pub fn keep_api_key(&self, key: &ApiKey) -> Result<PathBuf, SettingsError> {
        let path = self
            .files
            .netrc
            .clone()
            .ok_or(SettingsError::NoHome { what: "netrc file" })?;
        let before = files::read_bytes(&path)?;
        let host = self.base_url.host_and_port();
        match netrc::with_password(&before, host, key.expose()) {
            Ok(after) => files::write(&path, after, files::Readers::Owner)?,
            Err(source) => return Err(SettingsError::Netrc { path, source }),
        }
        Ok(path)
    }
}

/// Parses a key; the error does not repeat it.
pub(crate) fn api_key(text: &str) -> Result<ApiKey, Unusable> {
    text.parse()
        .map_err(|error: super::InvalidApiKey| Unusable::new(error))
}

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

    /// Returns the key itself, to send it or to store it.
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

/// The reason why a text is no API key. It reveals nothing of the text but its length.
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
        /// The number of characters without the prefix.
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
