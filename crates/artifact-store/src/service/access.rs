//! Who may see and change what.
//!
//! The entity that bears the name of an account is personal: only that account and the operator may see or change what
//! belongs to it. Every other entity is shared by all accounts.

use artifact_core::EntityName;
use artifact_core::ports::RegistryError;

use super::{Caller, Service};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Snapshot};

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
