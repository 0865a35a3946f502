//! Entities and their projects.

use crate::{EntityName, ProjectAddress, Timestamp};

/// A user or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its number, unique in the registry.
    pub number: i64,
    /// Its name.
    pub name: EntityName,
    /// Whether it is the personal entity of an account.
    pub is_personal: bool,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its number, unique in the registry.
    pub number: i64,
    /// Its address.
    pub address: ProjectAddress,
    /// Free text.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything in it last changed.
    pub updated_at: Timestamp,
}

/// Changes to a project; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectChanges {
    /// The new description.
    pub description: Option<String>,
}
