//! Accounts, their API keys, and what each may see and change.

use std::fmt::Write as _;

use artifact_core::EntityName;
use artifact_core::ports::RegistryError;
use artifact_core::records::Account;
use sha2::{Digest as _, Sha256};

use super::{Caller, Service};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Scope, Snapshot};

/// Keeps the hash of a key apart from every other hash of the same text.
const KEY_DOMAIN: &[u8] = b"wandb-rs api key\0";

/// The number of a key's first characters that are kept for its owner to recognise.
const PREFIX_CHARS: usize = 12;

/// The fewest characters of a key after its first `-`.
const SECRET_CHARS: usize = 40;

/// The setting that holds the signing secret.
const SIGNING_SECRET: &str = "signing secret";

impl Service {
    /// Adds an account with a key, or a key to the account that is there. Its entity is personal from now on, and stays
    /// so.
    ///
    /// # Errors
    /// When the key does not follow the rule of the official client (after the first `-`, if any: at least 40 letters,
    /// digits, `_` and `-`), or is another account's; when the caller is another account.
    pub fn add_account(&self, name: &EntityName, key: &str) -> Result<Account, StoreError> {
        check_key(key)?;
        let (hash, prefix) = (hash_of(key), prefix_of(key));
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Accounts, |tx| {
            self.must_administer(name)?;
            tx.ensure_account(name, now)?;
            match tx.owner_of_key(&hash)? {
                Some(owner) if owner == *name => {}
                Some(_) => {
                    return Err(StoreError::rejected(format!(
                        "the key for {name} is another account's: make a new one"
                    )));
                }
                None => tx.insert_key(name, &hash, &prefix, now)?,
            }
            tx.account(name)?.ok_or_else(|| StoreError::Database {
                source: "an account that was just added is not there".into(),
            })
        })
    }

    /// Removes an account and its keys; what belongs to its entity stays, and stays hidden from other accounts. Returns
    /// whether it was there.
    ///
    /// # Errors
    /// When the caller is another account, and when the store fails.
    pub fn remove_account(&self, name: &EntityName) -> Result<bool, StoreError> {
        self.must_administer(name)?;
        self.core
            .metadata
            .writing(&Scope::Accounts, |tx| tx.delete_account(name))
    }

    /// Lists the accounts that the caller may see, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.core.metadata.reading(|rows| match &self.caller {
            Caller::Operator => rows.accounts(),
            Caller::Account(name) => Ok(rows.account(name)?.into_iter().collect()),
        })
    }

    /// Finds the account that a key belongs to.
    ///
    /// # Errors
    /// When the store fails.
    pub fn account_of_key(&self, key: &str) -> Result<Option<Account>, StoreError> {
        let hash = hash_of(key);
        self.core
            .metadata
            .reading(|rows| match rows.owner_of_key(&hash)? {
                Some(name) => rows.account(&name),
                None => Ok(None),
            })
    }

    /// Returns a key that nobody outside can guess, made at the first call and the same for ever: servers over one store
    /// sign with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn signing_secret(&self) -> Result<[u8; 32], StoreError> {
        let kept = self
            .core
            .metadata
            .reading(|rows| rows.setting(SIGNING_SECRET))?;
        if let Some(secret) = kept {
            return secret_of(secret);
        }
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|error| StoreError::Database {
            source: error.into(),
        })?;
        self.core
            .metadata
            // Asked again, as another process may have been quicker.
            .writing(&Scope::Accounts, |tx| match tx.setting(SIGNING_SECRET)? {
                Some(secret) => secret_of(secret),
                None => tx.insert_setting(SIGNING_SECRET, &fresh).map(|()| fresh),
            })
    }

    /// Refuses accounts that would change others.
    fn must_administer(&self, name: &EntityName) -> Result<(), StoreError> {
        match &self.caller {
            Caller::Account(own) if own != name => Err(RegistryError::Forbidden {
                entity: name.clone(),
            }
            .into()),
            _ => Ok(()),
        }
    }
}

fn secret_of(kept: Vec<u8>) -> Result<[u8; 32], StoreError> {
    kept.try_into().map_err(|_| StoreError::Database {
        source: "the signing secret of the store is damaged".into(),
    })
}

/// Says which rule a key breaks, without saying the key. Source: the wire protocol's check of API keys.
fn check_key(key: &str) -> Result<(), StoreError> {
    let secret = key.split_once('-').map_or(key, |(_, secret)| secret);
    let is_allowed = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if !secret.chars().all(is_allowed) {
        return Err(StoreError::rejected(
            "an API key consists of letters, digits, `_` and `-`, and this one has something else in it",
        ));
    }
    let length = secret.chars().count();
    if length < SECRET_CHARS {
        return Err(StoreError::rejected(format!(
            "an API key has at least {SECRET_CHARS} characters after the first `-`, if any, and this one has {length}"
        )));
    }
    Ok(())
}

fn hash_of(key: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(KEY_DOMAIN);
    hasher.update(key);
    hasher.finalize().into()
}

fn prefix_of(key: &str) -> String {
    key.chars().take(PREFIX_CHARS).collect()
}

impl Service {
    /// Whether the caller may see and change what belongs to `entity`: their own, and every entity that is not the
    /// personal one of another account.
    ///
    /// # Errors
    /// When the store fails.
    pub fn may_use(&self, entity: &EntityName) -> Result<bool, StoreError> {
        self.core
            .metadata
            .reading(|rows| self.may_see(rows, entity))
    }

    /// [`Self::may_use`] within a transaction.
    pub(super) fn may_see(
        &self,
        rows: &dyn Snapshot,
        entity: &EntityName,
    ) -> Result<bool, StoreError> {
        match &self.caller {
            Caller::Operator => Ok(true),
            Caller::Account(name) if name == entity => Ok(true),
            Caller::Account(_) => Ok(!rows.is_personal(entity)?),
        }
    }

    /// Refuses callers that may not use `entity`.
    pub(super) fn must_be_allowed(
        &self,
        rows: &dyn Snapshot,
        entity: &EntityName,
    ) -> Result<(), StoreError> {
        if self.may_see(rows, entity)? {
            return Ok(());
        }
        Err(RegistryError::Forbidden {
            entity: entity.clone(),
        }
        .into())
    }
}

/// The number of random bytes in a key.
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
