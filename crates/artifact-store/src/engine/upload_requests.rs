//! Requests for uploads: which files of a pending version have to be sent, and which are stored already.

use artifact_core::ports::{ManifestId, UploadGrant, UploadSpec};
use artifact_core::records::ArtifactId;
use artifact_core::{ContentKey, EntryDigest, LogicalPath};
use serde_json::Map;

use super::Core;
use super::manifests::check_version;
use super::writer::Writer;
use crate::StoreError;
use crate::ids::{artifact_id, manifest_key, version_key};
use crate::metadata::{
    CollectionKey, ContentRow, EntryContent, EntryRow, ManifestKey, ManifestRow,
    MetadataStoreExt as _, Scope, Snapshot, SnapshotExt as _, Transaction, VersionKey, VersionRow,
};
use crate::tickets::UploadTarget;

/// The interval at which the last activity of a pending version is recorded; far shorter than the time after which an
/// inactive version expires.
const HEARTBEAT_MILLIS: i64 = 60_000;

impl Core {
    /// Records the files whose content is stored already, and returns tickets for the others.
    pub(crate) fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        files: &[UploadSpec],
    ) -> Result<Vec<UploadGrant>, StoreError> {
        let (version, manifest) = (version_key(artifact)?, manifest_key(manifest)?);
        let writer = self.writer()?;
        if let Some(grants) = self.all_to_send(version, manifest, files)? {
            return Ok(grants);
        }
        let placed = sizes_of_placed(writer, files);
        // Rows are written for content that was put until now, and a row promises that the bytes are durable.
        self.blobs.barrier()?;
        let (grants, used) = self.metadata.writing(&Scope::Whole, |tx| {
            let pending = self.pending_version(&*tx, version)?;
            let manifest = self.open_manifest(&*tx, manifest)?;
            check_version(&manifest, Some(version))?;
            let sizes = with_known_sizes(&*tx, &placed, files)?;
            let (mut grants, mut entries, used) = grant(tx, &manifest, files, &sizes)?;
            inherit_unchanged(
                &*tx,
                &manifest,
                pending.collection,
                files,
                &mut grants,
                &mut entries,
            )?;
            put_entries(tx, &manifest, &entries)?;
            tx.update_version(version, None, None, None, self.now())?;
            Ok((grants, used))
        })?;
        writer.note_used(version, &used);
        Ok(grants)
    }

    /// Returns a ticket for each file, where none of them is stored and nothing has to be written, so that the caller
    /// waits for no disk. Remote clients ask for a few files at a time, and hardly ever is one of them stored.
    fn all_to_send(
        &self,
        version: VersionKey,
        manifest: ManifestKey,
        files: &[UploadSpec],
    ) -> Result<Option<Vec<UploadGrant>>, StoreError> {
        if files.iter().any(|file| file.stored_as.is_some()) {
            return Ok(None);
        }
        self.metadata.reading(|rows| {
            let pending = self.pending_version(rows, version)?;
            let manifest = self.open_manifest(rows, manifest)?;
            if manifest.version != version || !self.is_recently_active(&pending) {
                return Ok(None);
            }
            let mut grants: Vec<_> = files
                .iter()
                .map(|file| UploadGrant {
                    birth_artifact: artifact_id(version),
                    ticket: Some(ticket(manifest.key, file)),
                })
                .collect();
            let mut kept = Vec::new();
            let collection = pending.collection;
            inherit_unchanged(rows, &manifest, collection, files, &mut grants, &mut kept)?;
            Ok(kept.is_empty().then_some(grants))
        })
    }

    /// Whether activity of a pending version was recorded so recently that none has to be recorded now.
    fn is_recently_active(&self, pending: &VersionRow) -> bool {
        let age = self.now().as_unix_millis() - pending.updated_at.as_unix_millis();
        (0..HEARTBEAT_MILLIS).contains(&age)
    }

    /// Returns a manifest whose version is pending.
    pub(crate) fn open_manifest(
        &self,
        rows: &dyn Snapshot,
        key: ManifestKey,
    ) -> Result<ManifestRow, StoreError> {
        let manifest = rows.manifest(key)?;
        let manifest = manifest.ok_or_else(|| StoreError::rejected("there is no such manifest"))?;
        self.pending_version(rows, manifest.version)?;
        Ok(manifest)
    }
}

/// Returns for each file the size of the content that this writer has put under its key, if it has.
fn sizes_of_placed(writer: &Writer, files: &[UploadSpec]) -> Vec<Option<u64>> {
    let size = |file: &UploadSpec| writer.size_of_put(file.stored_as.as_ref()?);
    files.iter().map(size).collect()
}

/// Completes the sizes of content that was put with those of blobs from before.
fn with_known_sizes(
    rows: &dyn Snapshot,
    placed: &[Option<u64>],
    files: &[UploadSpec],
) -> Result<Vec<Option<u64>>, StoreError> {
    let mut sizes = placed.to_vec();
    let (unplaced, keys): (Vec<usize>, Vec<ContentKey>) = files
        .iter()
        .enumerate()
        .filter(|(index, _)| placed[*index].is_none())
        .filter_map(|(index, file)| Some((index, file.stored_as?)))
        .unzip();
    for (index, size) in unplaced.into_iter().zip(rows.blob_sizes(&keys)?) {
        sizes[index] = size;
    }
    Ok(sizes)
}

type Granted = (Vec<UploadGrant>, Vec<EntryRow>, Vec<ContentKey>);

/// Decides about each file: an entry where its content is stored, a ticket where it is not.
fn grant(
    tx: &mut dyn Transaction,
    manifest: &ManifestRow,
    files: &[UploadSpec],
    sizes: &[Option<u64>],
) -> Result<Granted, StoreError> {
    let mut stored = Vec::with_capacity(files.len());
    for (file, size) in files.iter().zip(sizes) {
        match (file.stored_as, size) {
            (Some(_), Some(size)) if file.size.is_some_and(|announced| announced != *size) => {
                return Err(StoreError::rejected(format!(
                    "{} was announced with {} bytes, but its content has {size}",
                    file.path,
                    file.size.unwrap_or_default()
                )));
            }
            (Some(key), Some(size)) => stored.push((key, *size)),
            _ => {}
        }
    }
    let mut blobs = tx.ensure_blobs(&stored)?.into_iter();
    let mut entries = Vec::with_capacity(stored.len());
    let grants = files.iter().zip(sizes).map(|(file, size)| {
        let blob = size.and_then(|_| blobs.next());
        let birth = blob.and_then(|blob| blob.birth).unwrap_or(manifest.version);
        let ticket = match blob {
            None => Some(ticket(manifest.key, file)),
            Some(blob) => {
                entries.push(EntryRow {
                    path: file.path.clone(),
                    digest: file.digest.into(),
                    size: *size,
                    content: EntryContent::Blob(blob.key),
                    extra: Map::new(),
                    birth: Some(birth),
                });
                None
            }
        };
        UploadGrant {
            birth_artifact: artifact_id(birth),
            ticket,
        }
    });
    let grants = grants.collect();
    Ok((
        grants,
        entries,
        stored.into_iter().map(|(key, _)| key).collect(),
    ))
}

fn ticket(manifest: ManifestKey, file: &UploadSpec) -> artifact_core::ports::UploadTicket {
    let target = UploadTarget::File {
        manifest,
        path: file.path.clone(),
        digest: file.digest,
        size: file.size,
    };
    target.to_ticket()
}

/// Writes entries. A manifest file that is stored already, or is just being stored, may not agree with them, so it has
/// to be sent again.
pub(super) fn put_entries(
    tx: &mut dyn Transaction,
    manifest: &ManifestRow,
    entries: &[EntryRow],
) -> Result<(), StoreError> {
    let has_come = manifest.file.is_some() || manifest.storing.is_some();
    if has_come && !entries.is_empty() {
        tx.set_manifest_file(manifest.key, None)?;
    }
    tx.put_entries(manifest.key, entries)
}

/// Turns tickets into entries where the previous version has the content at the same path: it need not be sent again.
pub(super) fn inherit_unchanged(
    rows: &dyn Snapshot,
    manifest: &ManifestRow,
    collection: CollectionKey,
    files: &[UploadSpec],
    grants: &mut [UploadGrant],
    entries: &mut Vec<EntryRow>,
) -> Result<(), StoreError> {
    let newest = rows.newest_version(collection)?;
    let places = manifest.base.into_iter().chain(newest);
    for place in places {
        let Some(earlier) = rows.manifest_of(place)? else {
            continue;
        };
        let open: Vec<usize> = (0..files.len())
            .filter(|index| grants[*index].ticket.is_some())
            .collect();
        let paths: Vec<_> = open.iter().map(|index| &files[*index].path).collect();
        for (index, found) in open.iter().zip(rows.contents_at(earlier.key, &paths)?) {
            let (file, grant) = (&files[*index], &mut grants[*index]);
            let is_same = |row: &ContentRow| {
                row.digest == file.digest && file.size.is_none_or(|size| size == row.size)
            };
            let Some(row) = found.filter(is_same) else {
                continue;
            };
            let birth = row.birth.unwrap_or(place);
            grant.ticket = None;
            grant.birth_artifact = artifact_id(birth);
            entries.push(EntryRow {
                path: row.path,
                digest: row.digest.into(),
                size: Some(row.size),
                content: EntryContent::Blob(row.blob),
                extra: Map::new(),
                birth: Some(birth),
            });
        }
    }
    Ok(())
}

/// Entries that a manifest inherits from earlier versions of the same collection.
///
/// An entry names the version that its content comes from. Only content of the same collection counts, since a digest
/// that can be forged must not give access to the content of others.
#[derive(Debug)]
pub(super) struct InheritedEntries {
    version: VersionKey,
    collection: CollectionKey,
    base: Option<ManifestKey>,
    /// The birth version of the last entry, and its manifest if that may be inherited from.
    latest_birth: Option<(VersionKey, Option<ManifestKey>)>,
}

impl InheritedEntries {
    pub(super) fn new(
        rows: &dyn Snapshot,
        manifest: &ManifestRow,
        collection: CollectionKey,
    ) -> Result<Self, StoreError> {
        let base = match manifest.base {
            Some(base) => rows.manifest_of(base)?.map(|manifest| manifest.key),
            None => None,
        };
        Ok(Self {
            version: manifest.version,
            collection,
            base,
            latest_birth: None,
        })
    }

    /// Returns the content that an entry inherits from version `birth`: at the same path in the base version of the
    /// manifest, or in `birth` itself.
    pub(super) fn find(
        &mut self,
        rows: &dyn Snapshot,
        path: &LogicalPath,
        digest: &EntryDigest,
        birth: Option<VersionKey>,
    ) -> Result<Option<ContentRow>, StoreError> {
        let Some(birth) = birth.filter(|birth| *birth != self.version) else {
            return Ok(None);
        };
        let places = [self.base, self.manifest_of(rows, birth)?];
        for manifest in places.into_iter().flatten() {
            let content = rows.content_at(manifest, path)?;
            if let Some(content) = content.filter(|row| digest.content() == Some(&row.digest)) {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    fn manifest_of(
        &mut self,
        rows: &dyn Snapshot,
        birth: VersionKey,
    ) -> Result<Option<ManifestKey>, StoreError> {
        if let Some((of, manifest)) = self.latest_birth
            && of == birth
        {
            return Ok(manifest);
        }
        let version = rows.version(birth)?;
        let counts = version.is_some_and(|version| {
            version.collection == self.collection
                && version.state == artifact_core::records::ArtifactState::Committed
        });
        let manifest = if counts {
            rows.manifest_of(birth)?.map(|manifest| manifest.key)
        } else {
            None
        };
        self.latest_birth = Some((birth, manifest));
        Ok(manifest)
    }
}
