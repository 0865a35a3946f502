//! Accounts of a server, and their API keys.

use crate::{EntityName, Timestamp};

/// A person or program that may use a server. Its name is also that of its personal entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: EntityName,
    /// When it was added.
    pub created_at: Timestamp,
    /// The keys; never empty.
    pub keys: Vec<AccountKey>,
}

/// An API key as it is stored: hashed, so without the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKey {
    /// The first characters, by which its owner recognises it. Source: the wire protocol's `ApiKey.name`.
    pub prefix: String,
    /// When it was added.
    pub created_at: Timestamp,
}
