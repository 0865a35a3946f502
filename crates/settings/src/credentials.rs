//! What a server knows the user by.

use std::path::PathBuf;

use super::api_key::ApiKey;
use super::base_url::BaseUrl;
use super::error::{SettingsError, Unusable};
use super::key::Key;
use super::layers::{Layer, Layers};
use super::source::Source;
use super::{Settings, netrc, replace};

/// Credentials of a user for a server. Exhaustive, because a client must be able to send them; `Debug` hides secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A key of the user's.
    ApiKey(ApiKey),
    /// A token of somebody else's, for which the server gives access for a while.
    IdentityToken {
        /// The file with the token.
        token_file: PathBuf,
        /// The file that keeps the access until it ends; none where nobody has a home.
        access_file: Option<PathBuf>,
    },
}

/// Credentials, and where they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundCredentials {
    /// The credentials.
    pub credentials: Credentials,
    /// Where they were found.
    pub source: Source,
}

/// An API key that a settings file holds, which is for the server that the files name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FiledKey {
    key: ApiKey,
    source: Source,
    server: BaseUrl,
}

impl FiledKey {
    /// Returns the keys that files hold, each with the server that this file and those below it name. A folder that
    /// somebody else made can name another server, and must not be sent the key of the global file.
    pub(super) fn all(layers: &Layers) -> Vec<Self> {
        let text = |text: &std::ffi::OsStr| text.to_str().map(ToOwned::to_owned);
        let server_for = |layer: Layer| {
            let urls = layers.said(Key::BaseUrl).iter();
            urls.filter(|url| url.layer <= layer)
                .filter_map(|url| text(&url.text)?.parse().ok())
                .next_back()
                .unwrap_or_default()
        };
        layers
            .said(Key::ApiKey)
            .iter()
            .filter(|said| said.layer != Layer::Variables)
            .filter_map(|said| {
                Some(Self {
                    key: text(&said.text)?.parse().ok()?,
                    source: said.source.clone(),
                    server: server_for(said.layer),
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
        let content = replace::read_bytes(&path)?;
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
        let before = replace::read_bytes(&path)?;
        let host = self.base_url.host_and_port();
        match netrc::with_password(&before, host, key.expose()) {
            Ok(after) => replace::write(&path, after, replace::Readers::Owner)?,
            Err(source) => return Err(SettingsError::Netrc { path, source }),
        }
        Ok(path)
    }
}

/// Reads a key, of which an error says nothing.
pub(super) fn api_key(text: &str) -> Result<ApiKey, Unusable> {
    text.parse()
        .map_err(|error: super::InvalidApiKey| Unusable::new(error))
}
