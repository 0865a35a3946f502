//! The manifest of a pending version.

use artifact_core::ContentDigest;
use artifact_core::ports::{CreateManifest, ManifestReceipt};
use manifest::ArtifactDigester;

use super::Core;
use super::ingest::Taken;
use super::reconcile::reconcile;
use crate::StoreError;
use crate::ids::{artifact_id, manifest_id, version_key};
use crate::metadata::{
    ManifestFile, ManifestKey, MetadataStoreExt as _, Snapshot, VersionKey, VersionRow,
};
use crate::tickets::UploadTarget;

impl Core {
    /// Creates the manifest of a pending version unless it is there, and says where to send its bytes.
    pub(super) fn create_manifest(
        &self,
        request: &CreateManifest,
    ) -> Result<ManifestReceipt, StoreError> {
        let version = version_key(&request.artifact)?;
        let base = request.base.as_ref().map(version_key).transpose()?;
        if let Some(ContentDigest::Xxh128(_)) = request.upload {
            return Err(StoreError::rejected(
                "manifest files are announced by their MD5",
            ));
        }
        self.session()?;
        let manifest = self.metadata.writing(|tx| {
            let version = self.pending_version(&*tx, version)?;
            if let Some(present) = tx.manifest_of(version.key)? {
                return Ok(present.key);
            }
            if let Some(base) = base {
                self.check_base(&*tx, &version, base)?;
            }
            tx.insert_manifest(version.key, request.kind, base)
        })?;
        let target = request
            .upload
            .map(|digest| UploadTarget::Manifest { manifest, digest });
        Ok(ManifestReceipt {
            id: manifest_id(manifest),
            upload: target.map(|target| target.to_ticket()),
        })
    }

    /// A manifest may take entries over from the version it follows, so that one must be of the same collection.
    fn check_base(
        &self,
        rows: &dyn Snapshot,
        version: &VersionRow,
        base: VersionKey,
    ) -> Result<(), StoreError> {
        if self.committed_version(rows, base)?.collection == version.collection {
            return Ok(());
        }
        Err(StoreError::rejected(format!(
            "artifact {} cannot follow {}, which is of another collection",
            artifact_id(version.key),
            artifact_id(base)
        )))
    }

    /// Makes content that was taken in, and is what was announced, the manifest file: holds it against what is stored.
    pub(super) fn accept_manifest(
        &self,
        manifest: ManifestKey,
        digest: &ContentDigest,
        taken: Taken,
    ) -> Result<(), StoreError> {
        let session = self.session()?;
        self.blobs.sync()?;
        let (version, replaced) = self.metadata.writing(|tx| {
            let manifest = self.open_manifest(&*tx, manifest)?;
            let version = self.pending_version(&*tx, manifest.version)?;
            let file = self.blobs.read(&taken.key)?;
            let totals = reconcile(tx, &manifest, version.collection, file)?;
            check_digest(&*tx, &version, manifest.key)?;
            tx.set_totals(version.key, totals.size, totals.file_count)?;
            let blob = tx.ensure_blobs(&[(taken.key, taken.size)])?[0].key;
            let digest = *digest;
            tx.set_manifest_file(manifest.key, Some(ManifestFile { blob, digest }))?;
            Ok((version.key, manifest.file.is_some() || 0 < totals.unlisted))
        })?;
        session.note_used(version, [&taken.key]);
        if replaced {
            session.note_content_given_up(version);
        }
        Ok(())
    }
}

/// A version is found by its digest, so a wrong one would give its content to whoever logs what the digest really
/// stands for.
fn check_digest(
    rows: &dyn Snapshot,
    version: &VersionRow,
    manifest: ManifestKey,
) -> Result<(), StoreError> {
    let mut digester = ArtifactDigester::new(version.algorithm);
    rows.for_each_digest(manifest, &mut |path, digest| digester.entry(path, digest))?;
    let found = digester.finish();
    if found == version.digest {
        return Ok(());
    }
    Err(StoreError::rejected(format!(
        "artifact {} was announced with the digest {}, but its entries have {found}",
        artifact_id(version.key),
        version.digest
    )))
}
