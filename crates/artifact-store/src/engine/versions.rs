//! Creation and commit of versions. A committed version is visible, and never changes.

use artifact_core::ports::{
    ArtifactRecord, CreateArtifact, CreatedArtifact, RegistryError, TypeConflict,
};
use artifact_core::records::{
    ArtifactId, ArtifactState, CollectionChanges, CollectionKind, RunAddress,
};
use artifact_core::{Alias, EntityName, Tag, Timestamp};

use super::Core;
use super::writer::Writer;
use crate::StoreError;
use crate::ids::{artifact_id, version_key};
use crate::metadata::{
    ClientObject, CollectionKey, CollectionRow, ManifestRow, MetadataStoreExt as _, NewVersion,
    ProjectKey, RunKey, Scope, Transaction, VersionKey, VersionRow,
};
use crate::service::Deduplication;

/// A version to create.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Creation<'a> {
    pub(crate) artifact: &'a CreateArtifact,
    pub(crate) history_step: Option<u64>,
    /// The client's own id of the version.
    pub(crate) client_id: Option<&'a str>,
    /// The client's own id of the sequence.
    pub(crate) sequence_client_id: Option<&'a str>,
    pub(crate) deduplication: Deduplication,
    pub(crate) origin: Origin<'a>,
}

/// The writer of a version.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// This process: a version that is unfinished when it ends is deleted.
    Here,
    /// A remote client, with its account.
    Elsewhere(Option<&'a EntityName>),
}

impl<'a> Creation<'a> {
    /// Returns the creation of a version that this process writes.
    pub(super) const fn here(artifact: &'a CreateArtifact) -> Self {
        Self {
            artifact,
            history_step: None,
            client_id: None,
            sequence_client_id: None,
            deduplication: if artifact.is_incremental {
                Deduplication::Newest
            } else {
                Deduplication::Any
            },
            origin: Origin::Here,
        }
    }
}

impl Core {
    /// Creates a pending version; where a committed one has the same digest, labels that one instead.
    pub(crate) fn create_version(
        &self,
        creation: &Creation<'_>,
    ) -> Result<CreatedArtifact, StoreError> {
        let request = creation.artifact;
        // W&B's own client logs under the names that it reserves: `run.log` of a table, `run.log_code`.
        if let Origin::Here = creation.origin {
            let allowed = request.artifact_type.check_name(&request.name);
            allowed.map_err(|error| StoreError::rejected(error.to_string()))?;
        }
        // Before the version exists: from then on only a registered writer keeps recovery away from it.
        let writer = self.writer()?;
        let created = self
            .metadata
            .writing(&Scope::Whole, |tx| self.create(tx, creation))?;
        if let ArtifactState::Pending = created.1.state {
            writer.note_used(created.0, []);
        }
        Ok(created.1)
    }

    fn create(
        &self,
        tx: &mut dyn Transaction,
        creation: &Creation<'_>,
    ) -> Result<(VersionKey, CreatedArtifact), StoreError> {
        let request = creation.artifact;
        let now = self.now();
        let project = tx.ensure_project(&request.project, now)?;
        let run = self.creating_run(tx, project, request)?;
        let collection = self.ensure_sequence(tx, project, request)?;
        let (aliases, tags) = (&request.aliases, &request.tags);
        let (key, state) = match find_existing(tx, collection, creation)? {
            Some(Existing::Committed(key)) => {
                apply_labels(tx, collection, key, aliases, tags, now)?;
                (key, ArtifactState::Committed)
            }
            Some(Existing::Shared(key)) => {
                self.join(tx, key, request)?;
                (key, ArtifactState::Pending)
            }
            None => {
                let key = tx.insert_version(&self.new_version(collection, run, creation))?;
                (key, ArtifactState::Pending)
            }
        };
        if let Some(run) = run {
            tx.put_output(run, key)?;
        }
        if let Some(id) = creation.client_id {
            tx.put_client_id(id, ClientObject::Version(key))?;
        }
        if let Some(id) = creation.sequence_client_id {
            tx.put_client_id(id, ClientObject::Sequence(collection))?;
        }
        let created = CreatedArtifact {
            id: artifact_id(key),
            state,
            latest: tx.newest_version(collection)?.map(artifact_id),
        };
        Ok((key, created))
    }

    fn new_version<'a>(
        &self,
        collection: CollectionKey,
        run: Option<RunKey>,
        creation: &Creation<'a>,
    ) -> NewVersion<'a> {
        let request = creation.artifact;
        NewVersion {
            collection,
            run,
            digest: request.digest,
            algorithm: request.algorithm,
            description: request.description.as_deref(),
            metadata: &request.metadata,
            ttl: request.ttl,
            wanted_aliases: &request.aliases,
            tags: &request.tags,
            history_step: creation.history_step,
            distributed_id: request.distributed_id.as_deref(),
            deduplicates: creation.deduplication != Deduplication::Off,
            // Other processes write it too, and not necessarily at the same time.
            outlives_process: request.distributed_id.is_some()
                || matches!(creation.origin, Origin::Elsewhere(_)),
            created_by: match creation.origin {
                Origin::Here => None,
                Origin::Elsewhere(account) => account,
            },
            now: self.now(),
        }
    }

    /// Adds the aliases, tags and metadata of another writer to a pending version.
    fn join(
        &self,
        tx: &mut dyn Transaction,
        key: VersionKey,
        request: &CreateArtifact,
    ) -> Result<(), StoreError> {
        let mut aliases = self.pending_version(&*tx, key)?.wanted_aliases;
        aliases.extend(request.aliases.iter().cloned());
        aliases.sort_unstable();
        aliases.dedup();
        tx.set_wanted_aliases(key, &aliases)?;
        for tag in &request.tags {
            tx.put_tag(key, tag)?;
        }
        let metadata = Some(&request.metadata).filter(|metadata| !metadata.is_empty());
        let description = request.description.as_deref();
        tx.update_version(key, description, metadata, None, self.now())
    }

    fn creating_run(
        &self,
        tx: &mut dyn Transaction,
        project: ProjectKey,
        request: &CreateArtifact,
    ) -> Result<Option<RunKey>, StoreError> {
        let Some(id) = &request.run else {
            return Ok(None);
        };
        let found = tx.run(project, id)?;
        found.map(Some).ok_or_else(|| {
            let run = RunAddress {
                project: request.project.clone(),
                id: id.clone(),
            };
            self.no_run(&run)
        })
    }

    /// Finds or creates the sequence; its type is fixed once it has a version.
    fn ensure_sequence(
        &self,
        tx: &mut dyn Transaction,
        project: ProjectKey,
        request: &CreateArtifact,
    ) -> Result<CollectionKey, StoreError> {
        let (wanted, now) = (&request.artifact_type, self.now());
        let Some(found) = tx.collection(project, &request.name)? else {
            let kind = CollectionKind::Sequence;
            return tx.insert_collection(project, kind, &request.name, wanted, now);
        };
        if found.kind == CollectionKind::Portfolio {
            return Err(StoreError::rejected(format!(
                "{} is a portfolio of {}: versions are linked to it, not made in it",
                request.name, request.project
            )));
        }
        if found.artifact_type != *wanted {
            // Versions that were never committed leave no trace, not even in the type.
            if found.is_used {
                return Err(type_conflict(request, &found));
            }
            tx.set_type(found.key, wanted, now)?;
        }
        Ok(found.key)
    }
}

/// An existing version that a request means, instead of a new one.
enum Existing {
    Committed(VersionKey),
    /// Pending, and written by several clients.
    Shared(VersionKey),
}

fn find_existing(
    tx: &dyn Transaction,
    collection: CollectionKey,
    creation: &Creation<'_>,
) -> Result<Option<Existing>, StoreError> {
    let request = creation.artifact;
    // With several writers, the digest is that of this writer's entries alone.
    if let Some(id) = &request.distributed_id {
        let shared = tx.distributed_version(collection, id)?;
        return Ok(shared.map(Existing::Shared));
    }
    if creation.deduplication == Deduplication::Off {
        return Ok(None);
    }
    let found = tx.version_with_digest(collection, &request.digest, request.algorithm)?;
    if creation.deduplication == Deduplication::Newest && found != tx.newest_version(collection)? {
        return Ok(None);
    }
    Ok(found.map(Existing::Committed))
}

fn type_conflict(request: &CreateArtifact, found: &CollectionRow) -> StoreError {
    let conflict = TypeConflict {
        project: request.project.clone(),
        name: request.name.clone(),
        existing: found.artifact_type.clone(),
        wanted: request.artifact_type.clone(),
    };
    RegistryError::TypeConflict(conflict.into()).into()
}

impl Core {
    /// Commits a pending version; where another one with the same digest was committed first, labels that one instead.
    pub(super) fn commit_artifact(&self, id: &ArtifactId) -> Result<ArtifactRecord, StoreError> {
        let committed = self.commit_version(version_key(id)?)?;
        self.metadata
            .reading(|rows| self.record_of(rows, committed))
    }

    /// Commits a pending version, from its partial manifests where it has any; returns the version that it is from now
    /// on. A committed version is left as it is.
    pub(crate) fn commit_version(&self, pending: VersionKey) -> Result<VersionKey, StoreError> {
        let writer = self.writer()?;
        let (committed, partials) = self
            .metadata
            .writing(&Scope::Whole, |tx| self.commit(tx, writer, pending))?;
        if committed == pending {
            writer.note_committed(pending);
        } else {
            writer.note_version_dropped(pending);
        }
        self.delete_parts(pending);
        let mut files = partials.iter().filter_map(|partial| partial.file.as_ref());
        files.try_for_each(|(key, _)| writer.note_possible_orphan(key))?;
        Ok(committed)
    }

    fn commit(
        &self,
        tx: &mut dyn Transaction,
        writer: &Writer,
        key: VersionKey,
    ) -> Result<(VersionKey, Vec<ManifestRow>), StoreError> {
        let now = self.now();
        let found = self.existing_version(&*tx, key)?;
        if found.state == ArtifactState::Committed {
            // A client that did not receive the response asks again.
            return Ok((VersionKey(found.number), Vec::new()));
        }
        let mut pending = self.pending_version(&*tx, key)?;
        let partials = tx.partial_manifests(key)?;
        let merged = if partials.is_empty() {
            None
        } else {
            Some(Self::merge_partials(tx, writer, &mut pending, &partials)?)
        };
        // Its file is set only once every entry of it has content.
        let manifest = tx.manifest_of(key)?;
        if merged.is_none() && manifest.is_none_or(|manifest| manifest.file.is_none()) {
            return Err(Self::no_manifest(key));
        }
        let collection = pending.collection;
        let existing = find_equal(&*tx, &pending)?;
        if let Some(existing) = existing {
            tx.merge_version(key, existing)?;
        } else {
            if let Some(manifest) = merged {
                self.write_manifest(tx, writer, key, manifest)?;
            }
            let index = tx.allocate_index(collection, now)?;
            tx.set_committed(key, index, now)?;
            tx.put_membership(key, collection, index, now)?;
        }
        let committed = existing.unwrap_or(key);
        let (aliases, tags) = (&pending.wanted_aliases, &pending.tags);
        apply_labels(tx, collection, committed, aliases, tags, now)?;
        Ok((committed, partials))
    }

    pub(super) fn no_manifest(key: VersionKey) -> StoreError {
        Self::wrong_state(
            key,
            "pending without its manifest",
            "pending with its manifest stored",
        )
    }
}

/// Finds the committed version that a pending one turns out to equal.
fn find_equal(
    tx: &dyn Transaction,
    pending: &VersionRow,
) -> Result<Option<VersionKey>, StoreError> {
    if !pending.deduplicates {
        return Ok(None);
    }
    tx.version_with_digest(pending.collection, &pending.digest, pending.algorithm)
}

/// Moves `aliases` and `latest` to a version, and adds `tags` to it.
pub(super) fn apply_labels(
    tx: &mut dyn Transaction,
    collection: CollectionKey,
    version: VersionKey,
    aliases: &[Alias],
    tags: &[Tag],
    now: Timestamp,
) -> Result<(), StoreError> {
    let latest = Alias::latest();
    for alias in aliases.iter().chain([&latest]) {
        tx.move_alias(collection, alias, version)?;
    }
    for tag in tags {
        tx.put_tag(version, tag)?;
    }
    tx.update_collection(collection, &CollectionChanges::default(), now)?;
    tx.update_version(version, None, None, None, now)
}
