//! Accounts, their API keys, and the settings that the store keeps for itself.

use artifact_core::records::Account;
use artifact_core::{EntityName, Timestamp};

use crate::StoreError;

/// The hash of an API key.
pub type KeyHash = [u8; 32];

/// Reads accounts and settings.
pub trait AccountTable {
    /// Returns whether an entity is reserved for the account of its name; it stays so when the account is deleted.
    fn is_personal(&self, entity: &EntityName) -> Result<bool, StoreError>;

    /// Lists the accounts, by name.
    fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Finds an account; its keys are sorted by age, then by prefix.
    fn account(&self, name: &EntityName) -> Result<Option<Account>, StoreError>;

    /// Finds the account that has the key with this hash.
    fn owner_of_key(&self, hash: &KeyHash) -> Result<Option<EntityName>, StoreError>;

    /// Returns the value of a setting.
    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Changes accounts and settings.
pub trait AccountTableMut {
    /// Adds an account unless it exists, and makes the entity of its name personal.
    fn ensure_account(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError>;

    /// Adds a key to an account; an error if the hash is in use.
    fn insert_key(
        &mut self,
        account: &EntityName,
        hash: &KeyHash,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes an account and its keys, and returns whether it existed. Its entity stays personal.
    fn delete_account(&mut self, name: &EntityName) -> Result<bool, StoreError>;

    /// Adds a setting; an error if the name is in use.
    fn insert_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError>;
}
