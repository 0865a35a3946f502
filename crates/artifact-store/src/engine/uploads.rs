//! The files of a pending version.

use artifact_core::ContentKey;
use artifact_core::ports::{ArtifactId, ManifestId, UploadGrant, UploadSpec};
use serde_json::Map;

use super::Core;
use super::kept::keep_unchanged;
use crate::StoreError;
use crate::ids::{artifact_id, manifest_key, version_key};
use crate::metadata::{
    EntryContent, EntryRow, ManifestKey, ManifestRow, MetadataStoreExt as _, Snapshot, Transaction,
};
use crate::session::WriterSession;
use crate::tickets::UploadTarget;

impl Core {
    /// Records the files whose content is here already, and says where to send the others.
    pub(crate) fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        files: &[UploadSpec],
    ) -> Result<Vec<UploadGrant>, StoreError> {
        let (version, manifest) = (version_key(artifact)?, manifest_key(manifest)?);
        let session = self.session()?;
        let placed = sizes_of_placed(session, files);
        // Rows are written for what was placed until now, and a row promises that the bytes are durable.
        self.blobs.sync()?;
        let (grants, used) = self.metadata.writing(|tx| {
            let manifest = self.open_manifest(&*tx, manifest)?;
            if manifest.version != version {
                return Err(StoreError::rejected(format!(
                    "the manifest is not one of artifact {artifact}"
                )));
            }
            let sizes = with_known_sizes(&*tx, &placed, files)?;
            let (mut grants, mut entries, used) = grant(tx, &manifest, files, &sizes)?;
            let pending = self.pending_version(&*tx, version)?;
            keep_unchanged(
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
        session.note_used(version, &used);
        Ok(grants)
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

/// Returns for each file how many bytes this session has placed under its key, if it has.
fn sizes_of_placed(session: &WriterSession, files: &[UploadSpec]) -> Vec<Option<u64>> {
    let size = |file: &UploadSpec| session.size_of_placed(file.stored_as.as_ref()?);
    files.iter().map(size).collect()
}

/// Completes the sizes of what was placed with those of blobs that are known from before.
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

/// Writes entries; a manifest file that is there already may not agree with them, so it has to come again.
pub(super) fn put_entries(
    tx: &mut dyn Transaction,
    manifest: &ManifestRow,
    entries: &[EntryRow],
) -> Result<(), StoreError> {
    if manifest.file.is_some() && !entries.is_empty() {
        tx.set_manifest_file(manifest.key, None)?;
    }
    tx.put_entries(manifest.key, entries)
}
