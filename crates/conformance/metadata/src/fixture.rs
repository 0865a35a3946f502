//! Stores under test, and rows to fill them with.

use std::sync::Arc;

use artifact_core::ports::ManifestKind;
use artifact_core::records::CollectionKind;
use artifact_core::{
    ArtifactDigest, ContentDigest, ContentKey, DigestAlgorithm, LogicalPath, Metadata,
    ProjectAddress, Timestamp, Ttl,
};
use artifact_store::StoreError;
use artifact_store::metadata::{
    CollectionKey, EntryContent, EntryRow, ManifestFile, ManifestKey, MetadataStore,
    MetadataStoreExt as _, NewVersion, ProjectKey, RunKey, Scope, Transaction, VersionKey,
};

/// An empty store, and a way to open it again.
pub trait Fixture {
    /// Returns the store.
    fn store(&self) -> Arc<dyn MetadataStore>;

    /// Opens the same store as another process does; `None` if other processes cannot.
    fn reopened(&self) -> Option<Arc<dyn MetadataStore>>;
}

/// Results of rules: an error of the store fails the test.
pub(crate) type Rule = Result<(), StoreError>;

/// Writes to the whole store.
pub(crate) fn write<T>(
    store: &dyn MetadataStore,
    work: impl FnMut(&mut dyn Transaction) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    store.writing(&Scope::Whole, work)
}

/// Parses a value that is known to be valid.
pub(crate) fn value<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the value is valid")
}

pub(crate) fn address(entity: &str, project: &str) -> ProjectAddress {
    ProjectAddress {
        entity: value(entity),
        project: value(project),
    }
}

/// Returns a time, in milliseconds.
pub(crate) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

pub(crate) const fn content(number: u8) -> ContentKey {
    ContentKey::from_bytes([number; 32])
}

pub(crate) const fn md5(number: u8) -> ContentDigest {
    ContentDigest::Md5([number; 16])
}

pub(crate) const fn digest(number: u8) -> ArtifactDigest {
    ArtifactDigest::from_bytes([number; 16])
}

/// A project with a run and a sequence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    pub(crate) project: ProjectKey,
    pub(crate) run: RunKey,
    pub(crate) sequence: CollectionKey,
}

impl Seed {
    /// Fills an empty store.
    pub(crate) fn new(store: &dyn MetadataStore) -> Result<Self, StoreError> {
        write(store, |tx| {
            let project = tx.ensure_project(&address("team", "vision"), at(1))?;
            Ok(Self {
                project,
                run: tx.insert_run(project, &value("first"), "first", None, at(2))?,
                sequence: sequence(tx, project, "data")?,
            })
        })
    }

    /// Returns a pending version to insert.
    pub(crate) fn version(&self, number: u8) -> NewVersion<'static> {
        static NO_METADATA: std::sync::LazyLock<Metadata> =
            std::sync::LazyLock::new(Metadata::default);
        NewVersion {
            collection: self.sequence,
            run: None,
            digest: digest(number),
            algorithm: DigestAlgorithm::Md5,
            description: None,
            metadata: &NO_METADATA,
            ttl: Ttl::Inherit,
            wanted_aliases: &[],
            tags: &[],
            history_step: None,
            distributed_id: None,
            deduplicates: true,
            outlives_process: false,
            created_by: None,
            now: at(10),
        }
    }

    /// Inserts a pending version with a full manifest.
    pub(crate) fn pending(
        &self,
        tx: &mut dyn Transaction,
        number: u8,
    ) -> Result<(VersionKey, ManifestKey), StoreError> {
        let version = tx.insert_version(&self.version(number))?;
        let manifest = tx.insert_manifest(version, ManifestKind::Full, None, None)?;
        Ok((version, manifest))
    }

    /// Inserts a committed version with these files, each with content of that number.
    pub(crate) fn committed(
        &self,
        tx: &mut dyn Transaction,
        number: u8,
        files: &[(&str, u8)],
    ) -> Result<(VersionKey, ManifestKey), StoreError> {
        let (version, manifest) = self.pending(tx, number)?;
        put_files(tx, manifest, files)?;
        commit(tx, self.sequence, version)?;
        Ok((version, manifest))
    }

    /// Inserts a partial manifest of a run with these files, and its file.
    pub(crate) fn partial(
        tx: &mut dyn Transaction,
        version: VersionKey,
        run: Option<RunKey>,
        files: &[(&str, u8)],
    ) -> Result<ManifestKey, StoreError> {
        let manifest = tx.insert_manifest(version, ManifestKind::Patch, None, run)?;
        put_files(tx, manifest, files)?;
        let blob = tx.ensure_blobs(&[(content(255), 1)])?[0].key;
        let digest = md5(255);
        tx.set_manifest_file(manifest, Some(ManifestFile { blob, digest }))?;
        Ok(manifest)
    }
}

pub(crate) fn sequence(
    tx: &mut dyn Transaction,
    project: ProjectKey,
    name: &str,
) -> Result<CollectionKey, StoreError> {
    let kind = CollectionKind::Sequence;
    tx.insert_collection(project, kind, &value(name), &value("dataset"), at(3))
}

/// Commits a version in its sequence.
pub(crate) fn commit(
    tx: &mut dyn Transaction,
    sequence: CollectionKey,
    version: VersionKey,
) -> Rule {
    let index = tx.allocate_index(sequence, at(20))?;
    tx.set_committed(version, index, at(20))?;
    tx.put_membership(version, sequence, index, at(20))
}

/// Returns an entry whose content has this number, and so many bytes.
pub(crate) fn file(
    tx: &mut dyn Transaction,
    path: &str,
    number: u8,
) -> Result<EntryRow, StoreError> {
    let size = number.into();
    let blob = tx.ensure_blobs(&[(content(number), size)])?[0].key;
    Ok(EntryRow {
        path: value::<LogicalPath>(path),
        digest: md5(number).into(),
        size: Some(size),
        content: EntryContent::Blob(blob),
        extra: serde_json::Map::new(),
        birth: None,
    })
}

pub(crate) fn put_files(
    tx: &mut dyn Transaction,
    manifest: ManifestKey,
    files: &[(&str, u8)],
) -> Rule {
    for (path, number) in files {
        let entry = file(tx, path, *number)?;
        tx.put_entries(manifest, &[entry])?;
    }
    Ok(())
}

/// Returns the paths of a manifest's entries, and the first byte of the hashes in their digests.
pub(crate) fn entries(
    store: &dyn MetadataStore,
    manifest: ManifestKey,
) -> Result<Vec<(String, u8)>, StoreError> {
    store.reading(|rows| {
        let mut found = Vec::new();
        rows.for_each_digest(manifest, &mut |path, digest| {
            let number = digest.content().map_or(0, |digest| digest.bytes()[0]);
            found.push((path.to_string(), number));
        })?;
        Ok(found)
    })
}
