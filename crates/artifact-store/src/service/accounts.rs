//! Accounts of a server, and the keys that they show.

use artifact_core::{EntityName, Timestamp};

use super::Service;
use crate::StoreError;

/// Somebody who may use the server. The name is also that of their personal entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: EntityName,
    /// When it was added.
    pub created_at: Timestamp,
    /// The keys; never empty.
    pub keys: Vec<AccountKey>,
}

/// What is known of an API key: it is stored hashed, so not the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKey {
    /// The first characters, by which its owner recognises it. Source: the wire protocol's `ApiKey.name`.
    pub prefix: String,
    /// When it was added.
    pub created_at: Timestamp,
}

impl Service {
    /// Adds an account with a key, or a key to the account that is there.
    ///
    /// # Errors
    /// When the key does not follow the rule of the official client (after the first `-`, if any: at least 40 letters,
    /// digits, `_` and `-`), or is another account's.
    pub fn add_account(&self, name: &EntityName, key: &str) -> Result<Account, StoreError> {
        let _ = (name, key);
        todo!()
    }

    /// Removes an account and its keys; what belongs to its entity stays. Returns whether it was there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove_account(&self, name: &EntityName) -> Result<bool, StoreError> {
        let _ = name;
        todo!()
    }

    /// Lists the accounts, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        todo!()
    }

    /// Finds the account that a key belongs to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn account_of_key(&self, key: &str) -> Result<Option<Account>, StoreError> {
        let _ = key;
        todo!()
    }

    /// Returns a key that nobody outside can guess, made at the first call and the same for ever: servers over one store
    /// sign with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn signing_secret(&self) -> Result<[u8; 32], StoreError> {
        todo!()
    }
}
