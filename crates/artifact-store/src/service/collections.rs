//! Collections: sequences, in which versions are made, and portfolios, to which they are linked.

use artifact_core::{Alias, ArtifactName, ArtifactType, ProjectAddress, Tag};
use serde_json::{Value, json};

use super::listing::{Listable, select, time_text};
use super::{ListQuery, Service, Slice};
use crate::StoreError;
use crate::engine::Core;
use crate::ids::collection_key;
use crate::metadata::{CollectionKey, MetadataStoreExt as _, Scope, Snapshot};
use artifact_core::records::{
    ArtifactTypeRecord, Collection, CollectionChanges, CollectionId, CollectionKind,
};

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
        self.core
            .metadata
            .reading(|rows| self.collection_named(rows, project, name))
    }

    /// Finds a collection by its id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn collection_with_id(&self, id: &CollectionId) -> Result<Option<Collection>, StoreError> {
        self.core
            .metadata
            .reading(|rows| self.visible_collection(rows, id))
    }

    /// Lists the portfolios of a project and the sequences with a committed version, only those of one type if that is
    /// given, by name unless the query says otherwise.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn collections(
        &self,
        project: &ProjectAddress,
        artifact_type: Option<&ArtifactType>,
        query: &ListQuery,
    ) -> Result<Slice<Collection>, StoreError> {
        let found = self.core.metadata.reading(|rows| {
            if !self.may_see(rows, &project.entity)? {
                return Ok(Vec::new());
            }
            let Some(project) = rows.project(project)? else {
                return Ok(Vec::new());
            };
            let found = rows.collection_records(project, artifact_type)?.into_iter();
            let with_aliases = found.map(|collection| {
                // Nothing else asks for them.
                let aliases = match query.filter {
                    Some(_) => rows.aliases(CollectionKey(collection.number))?,
                    None => Vec::new(),
                };
                Ok(ListedCollection {
                    collection,
                    aliases,
                })
            });
            with_aliases.collect()
        })?;
        let slice = select(found, query, "+name")?;
        Ok(slice.map(|listed| listed.collection))
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
        let types = self.types_of(project)?;
        Ok(types.into_iter().find(|known| known.name == *name))
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
        select(self.types_of(project)?, query, "+name")
    }

    fn types_of(&self, project: &ProjectAddress) -> Result<Vec<ArtifactTypeRecord>, StoreError> {
        self.core.metadata.reading(|rows| {
            if !self.may_see(rows, &project.entity)? {
                return Ok(Vec::new());
            }
            match rows.project(project)? {
                Some(project) => rows.artifact_types(project),
                None => Ok(Vec::new()),
            }
        })
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
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let found = self.collection_to_change(&*tx, id, kind)?;
            let key = CollectionKey(found.number);
            if let Some(name) = changes.name.as_ref().filter(|name| **name != found.name) {
                let project = tx.ensure_project(&found.project, now)?;
                if tx.collection(project, name)?.is_some() {
                    return Err(StoreError::rejected(format!(
                        "{} already has a collection {name}",
                        found.project
                    )));
                }
            }
            tx.update_collection(key, changes, now)?;
            Core::existing_collection(&*tx, key)
        })
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
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let found = self.collection_to_change(&*tx, id, CollectionKind::Sequence)?;
            let key = CollectionKey(found.number);
            tx.set_type(key, to, now)?;
            Core::existing_collection(&*tx, key)
        })
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
        let found = self
            .core
            .metadata
            .reading(|rows| self.collection_to_change(rows, id, kind))?;
        self.core.delete_collection(CollectionKey(found.number))?;
        Ok(found)
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
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let key = self.collection_at(&*tx, project, name)?;
            for tag in add {
                tx.put_collection_tag(key, tag)?;
            }
            for tag in delete {
                tx.delete_collection_tag(key, tag)?;
            }
            tx.update_collection(key, &CollectionChanges::default(), now)?;
            Core::existing_collection(&*tx, key)
        })
    }
}

/// Collections to those who may see or change them.
impl Service {
    /// Finds a collection that the caller may see, by its name.
    pub(super) fn collection_named(
        &self,
        rows: &dyn Snapshot,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<Option<Collection>, StoreError> {
        if !self.may_see(rows, &project.entity)? {
            return Ok(None);
        }
        let Some(project) = rows.project(project)? else {
            return Ok(None);
        };
        match rows.collection(project, name)? {
            Some(found) => rows.collection_record(found.key),
            None => Ok(None),
        }
    }

    /// Finds a collection that the caller may see; `None` also for an id of somebody else's making.
    pub(super) fn visible_collection(
        &self,
        rows: &dyn Snapshot,
        id: &CollectionId,
    ) -> Result<Option<Collection>, StoreError> {
        let Ok(key) = collection_key(id) else {
            return Ok(None);
        };
        let Some(found) = rows.collection_record(key)? else {
            return Ok(None);
        };
        let may_see = self.may_see(rows, &found.project.entity)?;
        Ok(may_see.then_some(found))
    }

    /// Returns a collection of a kind that must be there, to a caller who may change it.
    pub(super) fn collection_to_change(
        &self,
        rows: &dyn Snapshot,
        id: &CollectionId,
        kind: CollectionKind,
    ) -> Result<Collection, StoreError> {
        let found = Core::existing_collection(rows, collection_key(id)?)?;
        self.must_be_allowed(rows, &found.project.entity)?;
        if found.kind == kind {
            return Ok(found);
        }
        let (is, wanted) = match kind {
            CollectionKind::Sequence => ("portfolio", "sequence"),
            CollectionKind::Portfolio => ("sequence", "portfolio"),
        };
        Err(StoreError::rejected(format!(
            "{}/{} is a {is}, not a {wanted}",
            found.project, found.name
        )))
    }

    /// Returns the collection of this name, which must be there, to a caller who may change it.
    pub(super) fn collection_at(
        &self,
        rows: &dyn Snapshot,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<CollectionKey, StoreError> {
        self.must_be_allowed(rows, &project.entity)?;
        let found = match rows.project(project)? {
            Some(project) => rows.collection(project, name)?,
            None => None,
        };
        let key = found.map(|found| found.key);
        key.ok_or_else(|| StoreError::rejected(format!("{project} has no collection {name}")))
    }
}

/// A collection with what it can be filtered by.
struct ListedCollection {
    collection: Collection,
    aliases: Vec<Alias>,
}

impl Listable for ListedCollection {
    fn document(&self) -> Value {
        let collection = &self.collection;
        json!({
            "name": collection.name,
            "type": collection.artifact_type,
            "description": collection.description,
            "created_at": time_text(collection.created_at),
            "updated_at": time_text(collection.updated_at),
            "tags": collection.tags,
            "aliases": self.aliases,
        })
    }

    fn number(&self) -> i64 {
        self.collection.number
    }
}

impl Listable for ArtifactTypeRecord {
    fn document(&self) -> Value {
        json!({ "name": self.name, "created_at": time_text(self.created_at) })
    }

    fn number(&self) -> i64 {
        self.number
    }
}
