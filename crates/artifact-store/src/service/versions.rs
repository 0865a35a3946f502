//! Versions in every state, as clients read them.

use std::collections::HashMap;

use artifact_core::records::{ArtifactId, CollectionId, CollectionKind, Version};
use artifact_core::{EntityName, VersionIndex};

use serde_json::{Value, json};

use super::listing::{Listable, Part, select, time_text};
use super::{ListQuery, Listed, Service, Slice};
use crate::StoreError;
use crate::ids::{artifact_id, version_key};
use crate::metadata::{CollectionKey, Member, MetadataStoreExt as _, Snapshot};

impl Service {
    /// Finds a version, also a pending one; the id of a pending one that was found to equal a committed one means that
    /// one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn version(&self, id: &ArtifactId) -> Result<Option<Version>, StoreError> {
        self.core
            .metadata
            .reading(|rows| self.visible_version(rows, id))
    }

    /// Lists the versions of a collection (for a portfolio: those linked to it), the newest first unless the query says
    /// otherwise.
    ///
    /// Each comes with its index in this collection. Without a filter on `state`, only committed ones.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn versions(
        &self,
        collection: &CollectionId,
        query: &ListQuery,
    ) -> Result<Slice<(VersionIndex, Version)>, StoreError> {
        if let Some(slice) = self.newest_versions(collection, query)? {
            return Ok(slice);
        }
        let in_full = [&query.filter, &query.order]
            .into_iter()
            .flatten()
            .any(|text| needs_full_members(text));
        self.core.metadata.reading(|rows| {
            let members = match self.visible_collection(rows, collection)? {
                Some(found) => rows.members(CollectionKey(found.number), in_full)?,
                None => Vec::new(),
            };
            let mut seen: HashMap<EntityName, bool> = HashMap::new();
            let mut visible = Vec::with_capacity(members.len());
            for member in members {
                let may_see = match seen.get(&member.entity) {
                    Some(may_see) => *may_see,
                    None => self.may_see(rows, &member.entity)?,
                };
                seen.insert(member.entity.clone(), may_see);
                if may_see {
                    visible.push(member);
                }
            }
            let slice = select(visible, query, "-version_index")?;
            // Only those that are wanted are read in whole.
            let mut items = Vec::with_capacity(slice.items.len());
            for listed in slice.items {
                let version = self.core.existing_version(rows, listed.item.version)?;
                items.push(Listed {
                    cursor: listed.cursor,
                    item: (listed.item.index, version),
                });
            }
            Ok(Slice {
                items,
                has_more: slice.has_more,
                total: slice.total,
            })
        })
    }

    /// As [`versions`](Self::versions), reading no more than the part that is asked for; `None` where filter or order
    /// need the rest, too.
    fn newest_versions(
        &self,
        collection: &CollectionId,
        query: &ListQuery,
    ) -> Result<Option<Slice<(VersionIndex, Version)>>, StoreError> {
        let Some(part) = Part::of(query, "-version_index", &json!({ "state": COMMITTED }))? else {
            return Ok(None);
        };
        let before = part.before.map(u32::try_from).transpose();
        let Ok(before) = before else {
            return Ok(None);
        };
        self.core.metadata.reading(|rows| {
            let found = self.visible_collection(rows, collection)?;
            // Who may see a portfolio may not see all that is linked to it.
            let sequence = found.filter(|found| found.kind == CollectionKind::Sequence);
            let Some(sequence) = sequence else {
                return Ok(None);
            };
            let key = CollectionKey(sequence.number);
            let items = rows.members_before(key, before.map(Into::into), part.limit + 1)?;
            let total = rows.member_count(key)?;
            let number = |(index, _): &(VersionIndex, Version)| index.get().into();
            Ok(Some(part.cut(items, total, number)))
        })
    }

    /// Returns the newest version of a sequence.
    ///
    /// # Errors
    /// When the store fails.
    pub fn latest_version(&self, collection: &CollectionId) -> Result<Option<Version>, StoreError> {
        self.core.metadata.reading(|rows| {
            let Some(found) = self.visible_collection(rows, collection)? else {
                return Ok(None);
            };
            match rows.newest_version(CollectionKey(found.number))? {
                Some(newest) => self.visible_version(rows, &artifact_id(newest)),
                None => Ok(None),
            }
        })
    }

    /// Returns the version that a client knows under an id of its own, whatever its state; for the id of a sequence
    /// (`sequenceClientID`), its newest version.
    ///
    /// # Errors
    /// When the store fails.
    pub fn version_of_client_id(&self, client_id: &str) -> Result<Option<ArtifactId>, StoreError> {
        self.core.metadata.reading(|rows| {
            let Some(key) = rows.version_of_client_id(client_id)? else {
                return Ok(None);
            };
            let version = self.visible_version(rows, &artifact_id(key))?;
            Ok(version.map(|version| version.id))
        })
    }
}

/// Versions to those who may see or change them.
impl Service {
    /// Finds a version that the caller may see; `None` also for an id of somebody else's making.
    pub(super) fn visible_version(
        &self,
        rows: &dyn Snapshot,
        id: &ArtifactId,
    ) -> Result<Option<Version>, StoreError> {
        let Ok(key) = version_key(id) else {
            return Ok(None);
        };
        let Some(version) = rows.version_record(key)? else {
            return Ok(None);
        };
        let may_see = self.may_see(rows, &version.sequence.project.entity)?;
        Ok(may_see.then_some(version))
    }

    /// Returns a version that must be there, to a caller who may see it.
    pub(super) fn version_to_use(
        &self,
        rows: &dyn Snapshot,
        id: &ArtifactId,
    ) -> Result<Version, StoreError> {
        let version = self.visible_version(rows, id)?;
        version.ok_or_else(|| self.core.no_artifact(&id.clone().into(), Vec::new()))
    }

    /// Returns a version that must be there, to a caller who may change it.
    pub(super) fn version_to_change(
        &self,
        rows: &dyn Snapshot,
        id: &ArtifactId,
    ) -> Result<Version, StoreError> {
        let found = match version_key(id) {
            Ok(key) => rows.version_record(key)?,
            Err(_) => None,
        };
        let version = found.ok_or_else(|| self.core.no_artifact(&id.clone().into(), Vec::new()))?;
        self.must_be_allowed(rows, &version.sequence.project.entity)?;
        Ok(version)
    }
}

/// Whether a filter or an order may ask for what members have only in full. Reading that of all versions for each part
/// of a listing would take most of its time.
fn needs_full_members(text: &str) -> bool {
    let fields = ["metadata", "tags", "aliases", "\\"];
    fields.iter().any(|field| text.contains(field))
}

/// The state of all that is in collections.
const COMMITTED: &str = "COMMITTED";

impl Listable for Member {
    fn document(&self) -> Value {
        json!({
            "state": COMMITTED,
            "version_index": self.index.get(),
            "created_at": time_text(self.created_at),
            "updated_at": time_text(self.updated_at),
            "digest": self.digest.to_string(),
            "tags": self.tags,
            "aliases": self.aliases,
            "metadata": self.metadata.as_map(),
            "description": self.description,
            "size": self.size,
            "file_count": self.file_count,
        })
    }

    fn number(&self) -> i64 {
        self.index.get().into()
    }
}
