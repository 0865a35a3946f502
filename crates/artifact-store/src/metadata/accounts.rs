//! Accounts with their API keys, settings of the store, entities and projects.

use artifact_core::records::{Account, Entity, Project};
use artifact_core::{EntityName, ProjectAddress, Timestamp};

use super::ProjectKey;
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

/// Reads entities and projects.
pub trait ProjectTable {
    /// Finds a project.
    fn project(&self, address: &ProjectAddress) -> Result<Option<ProjectKey>, StoreError>;

    /// Lists the projects that sort after `after`, by entity and name.
    fn projects(
        &self,
        after: Option<&ProjectAddress>,
        limit: u32,
    ) -> Result<Vec<ProjectAddress>, StoreError>;

    /// Returns the record of a project, which must exist.
    fn project_record(&self, project: ProjectKey) -> Result<Project, StoreError>;

    /// Lists the projects of an entity, in no order.
    fn projects_of(&self, entity: &EntityName) -> Result<Vec<Project>, StoreError>;

    /// Finds an entity that has an account or a project.
    fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError>;
}

/// Changes entities and projects.
pub trait ProjectTableMut {
    /// Finds a project, or creates it and its entity.
    fn ensure_project(
        &mut self,
        address: &ProjectAddress,
        now: Timestamp,
    ) -> Result<ProjectKey, StoreError>;

    /// Adds an entity, unless it exists.
    fn ensure_entity(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError>;

    /// Sets the description of a project.
    fn describe_project(&mut self, project: ProjectKey, text: &str) -> Result<(), StoreError>;

    /// Records that something in a project changed; an earlier time than the recorded one is ignored.
    fn touch_project(&mut self, project: ProjectKey, now: Timestamp) -> Result<(), StoreError>;
}
