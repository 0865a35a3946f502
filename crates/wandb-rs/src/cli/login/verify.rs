//! Asking the server whose key it is.

use super::Failure;
use crate::{ApiKey, Credentials, Error, Settings};

/// Whose key it is.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// The user.
    pub(super) username: Option<String>,
    /// The entity that the user's runs go to where nothing else is said.
    pub(super) entity: Option<String>,
}

/// Asks the server of `settings` whose `key` is.
pub(super) fn verify_key(settings: &Settings, key: &ApiKey) -> Result<Viewer, Failure> {
    let credentials = Credentials::ApiKey(key.clone());
    let server = crate::client::server(settings, &settings.base_url, credentials)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|source| Error::Runtime { source })?;
    let account = runtime.block_on(server.viewer()).map_err(Error::from)?;
    Ok(Viewer {
        username: account.username,
        entity: account.entity,
    })
}
