//! Asking the server whose key it is.

use std::time::Duration;

use wandb_rs::RegistryError;

use super::Failure;
use wandb_rs::probe::ServerProbe;
use wandb_rs::{ApiKey, Credentials, Error, Settings};

/// The time limit for the server. A user is waiting, who can use `--no-verify`: less than for all the retries that a
/// long upload is worth. Source: section 1.6 of the wire protocol.
const PATIENCE: Duration = Duration::from_secs(10);

/// The account of a key.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// The user.
    pub(super) username: Option<String>,
    /// The default entity of the user's runs.
    pub(super) entity: Option<String>,
}

/// Asks the server of `settings` whose `key` is.
pub(super) fn verify_key(settings: &Settings, key: &ApiKey) -> Result<Viewer, Failure> {
    let credentials = Credentials::ApiKey(key.clone());
    let server = ServerProbe::new(settings, Some(credentials))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|source| Error::Runtime { source })?;
    let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, server.account()).await });
    let account = asked.unwrap_or_else(|_| {
        Err(Error::from(RegistryError::Backend {
            operation: "reading the account",
            location: settings.base_url.to_string(),
            source: format!("it gave no answer within {} seconds", PATIENCE.as_secs()).into(),
        }))
    })?;
    Ok(Viewer {
        username: account.username,
        entity: account.entity,
    })
}
