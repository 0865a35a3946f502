//! Making API keys.

use std::fmt::Write as _;

use crate::StoreError;

/// How many random bytes a key holds.
const RANDOM_BYTES: usize = 20;

/// Returns a new API key: `local-` and 40 random hexadecimal digits, as keys of private W&B servers are.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new_api_key() -> Result<String, StoreError> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| StoreError::Database {
        source: error.into(),
    })?;
    let mut key = String::from("local-");
    for byte in random {
        // Writing to a string does not fail.
        let _ = write!(key, "{byte:02x}");
    }
    Ok(key)
}
