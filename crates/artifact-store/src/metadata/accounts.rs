//! Accounts, their keys, and what the store keeps for itself.

use artifact_core::{EntityName, Timestamp};

use crate::StoreError;
use crate::service::Account;

/// The hash of an API key.
pub(crate) type KeyHash = [u8; 32];

/// What can be asked of accounts and settings.
pub(crate) trait AccountTable {
    /// Whether an entity is closed to all but the account of its name, which need not exist any more.
    fn is_personal(&self, entity: &EntityName) -> Result<bool, StoreError>;

    /// Lists the accounts, by name.
    fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Finds an account.
    fn account(&self, name: &EntityName) -> Result<Option<Account>, StoreError>;

    /// Returns whose key has this hash.
    fn owner_of_key(&self, hash: &KeyHash) -> Result<Option<EntityName>, StoreError>;

    /// Returns what is kept under a name.
    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// What can be done to accounts and settings.
pub(crate) trait AccountTableMut {
    /// Adds an account, unless it is there, and makes the entity of its name personal.
    fn ensure_account(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError>;

    /// Gives an account a key that nobody has yet.
    fn insert_key(
        &mut self,
        account: &EntityName,
        hash: &KeyHash,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes an account and its keys; returns whether it was there. Its entity stays personal.
    fn delete_account(&mut self, name: &EntityName) -> Result<bool, StoreError>;

    /// Keeps a value under a name that has none.
    fn insert_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError>;
}
