//! Asking the server whose key it is.

use super::Failure;
use crate::{ApiKey, Settings};

/// Whose key it is.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// The user.
    pub(super) username: Option<String>,
    /// The entity that the user's runs go to where nothing else is said.
    pub(super) entity: Option<String>,
}

/// Asks the server of `settings` whose `key` is; none if nobody was asked.
///
/// There is no adapter for W&B servers yet, so nobody is; whoever logs in is told so.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a server that is asked may refuse the key"
)]
pub(super) fn verify_key(_settings: &Settings, _key: &ApiKey) -> Result<Option<Viewer>, Failure> {
    Ok(None)
}
