//! Collections: sequences, in which versions are made, and portfolios, to which they are linked.

use artifact_core::{ArtifactName, ArtifactType, ProjectAddress, Tag, Timestamp};

use super::{ListQuery, Service, Slice};
use crate::StoreError;

/// A store's id of a collection; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectionId(pub String);

/// What a collection is. Source: `ArtifactCollectionType` of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    /// Versions are made in it.
    Sequence,
    /// Versions of sequences are linked to it.
    Portfolio,
}

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its row number: unique in the store.
    pub number: i64,
    /// What it is.
    pub kind: CollectionKind,
    /// Its project.
    pub project: ProjectAddress,
    /// Its name.
    pub name: ArtifactName,
    /// The type of its versions.
    pub artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something about it changed last.
    pub updated_at: Timestamp,
}

/// A type of artifacts in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactTypeRecord {
    /// Its row number: unique in the store.
    pub number: i64,
    /// The project.
    pub project: ProjectAddress,
    /// The type.
    pub name: ArtifactType,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// What to change of a collection; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionChanges {
    /// The new name.
    pub name: Option<ArtifactName>,
    /// The new description.
    pub description: Option<String>,
}

impl Service {
    /// Finds a collection of either kind.
    ///
    /// # Errors
    /// When the store fails.
    pub fn collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<Option<Collection>, StoreError> {
        let _ = (project, name);
        todo!()
    }

    /// Finds a collection by its id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn collection_with_id(&self, id: &CollectionId) -> Result<Option<Collection>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Lists the collections of a project, only those of one type if that is given, by name unless the query says
    /// otherwise.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn collections(
        &self,
        project: &ProjectAddress,
        artifact_type: Option<&ArtifactType>,
        query: &ListQuery,
    ) -> Result<Slice<Collection>, StoreError> {
        let _ = (project, artifact_type, query);
        todo!()
    }

    /// Finds a type of a project.
    ///
    /// # Errors
    /// When the store fails.
    pub fn artifact_type(
        &self,
        project: &ProjectAddress,
        name: &ArtifactType,
    ) -> Result<Option<ArtifactTypeRecord>, StoreError> {
        let _ = (project, name);
        todo!()
    }

    /// Lists the types of a project, by name.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn artifact_types(
        &self,
        project: &ProjectAddress,
        query: &ListQuery,
    ) -> Result<Slice<ArtifactTypeRecord>, StoreError> {
        let _ = (project, query);
        todo!()
    }

    /// Renames or describes a collection.
    ///
    /// # Errors
    /// When there is none of this kind, when the name is taken, and when the caller may not.
    pub fn update_collection(
        &self,
        id: &CollectionId,
        kind: CollectionKind,
        changes: &CollectionChanges,
    ) -> Result<Collection, StoreError> {
        let _ = (id, kind, changes);
        todo!()
    }

    /// Gives a sequence another type, which is made where the project does not have it.
    ///
    /// # Errors
    /// When there is no such sequence, and when the caller may not.
    pub fn move_collection(
        &self,
        id: &CollectionId,
        to: &ArtifactType,
    ) -> Result<Collection, StoreError> {
        let _ = (id, to);
        todo!()
    }

    /// Deletes a collection: a sequence with its versions and all links to them, a portfolio with its links only.
    ///
    /// # Errors
    /// When there is none of this kind, and when the caller may not.
    pub fn delete_collection(
        &self,
        id: &CollectionId,
        kind: CollectionKind,
    ) -> Result<Collection, StoreError> {
        let _ = (id, kind);
        todo!()
    }

    /// Adds tags to a collection, and takes others away.
    ///
    /// # Errors
    /// When there is no such collection, and when the caller may not.
    pub fn tag_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        add: &[Tag],
        delete: &[Tag],
    ) -> Result<Collection, StoreError> {
        let _ = (project, name, add, delete);
        todo!()
    }
}
