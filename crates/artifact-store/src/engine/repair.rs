//! Putting right what is damaged.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::{ContentKey, QualifiedAddress};
use sha2::{Digest as _, Sha256};

use super::reconcile::digester_of;
use super::{Core, Engine};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Scope};

/// How much of a file is read at once.
const PIECE: usize = 256 << 10;

impl Engine {
    /// Stores the content of `file` in place of what is under `key`, if it is the content that belongs there; returns
    /// whether it is.
    ///
    /// # Errors
    /// When the file cannot be read, or the store fails.
    pub async fn restore(&self, key: ContentKey, file: PathBuf) -> Result<bool, StoreError> {
        self.blocking(move |core| core.restore(&key, &file)).await
    }

    /// Writes the manifest file of a committed version anew, from what is known of its entries; returns whether that is
    /// what the version's digest is of. If not, nothing is changed.
    ///
    /// It says the same, but need not be the same bytes: another client may have written the file that it stands in for.
    ///
    /// # Errors
    /// When there is no such version, or the store fails.
    pub async fn rewrite_manifest(&self, version: QualifiedAddress) -> Result<bool, StoreError> {
        self.blocking(move |core| core.rewrite_manifest(&version))
            .await
    }
}

impl Core {
    fn restore(self: &Arc<Self>, key: &ContentKey, path: &Path) -> Result<bool, StoreError> {
        if key_of(path)? != *key {
            return Ok(false);
        }
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let mut ingest = self.ingest(Some(&file), None)?;
        each_piece(path, |piece| ingest.take(piece))?;
        // It may have been written to since it was looked at; then it is other content, which nothing refers to.
        Ok(ingest.keep()?.key == *key)
    }

    fn rewrite_manifest(&self, address: &QualifiedAddress) -> Result<bool, StoreError> {
        let writer = self.writer()?;
        let rewritten = self.metadata.writing(&Scope::Whole, |tx| {
            let (key, _) = self.version_at_address(&*tx, address)?;
            let version = self.committed_version(&*tx, key)?;
            let manifest = tx.manifest_of(key)?;
            let manifest = manifest.ok_or_else(|| Self::no_manifest(key))?;
            let digester = digester_of(&*tx, manifest.key, version.algorithm)?;
            if digester.finish() != version.digest {
                return Ok(None);
            }
            if let Some((before, _)) = &manifest.file {
                writer.note_possible_orphan(before)?;
            }
            self.write_manifest(tx, writer, key, manifest.key)?;
            Ok(Some(key))
        })?;
        if let Some(version) = rewritten {
            writer.note_committed(version);
        }
        Ok(rewritten.is_some())
    }
}

/// Returns the key that the content of a file would have.
fn key_of(path: &Path) -> Result<ContentKey, StoreError> {
    let mut hasher = Sha256::new();
    each_piece(path, |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(ContentKey::from_bytes(hasher.finalize().into()))
}

fn each_piece(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let mut buffer = vec![0; PIECE];
    loop {
        match file
            .read(&mut buffer)
            .map_err(StoreError::io("read", path))?
        {
            0 => return Ok(()),
            length => take(&buffer[..length])?,
        }
    }
}
