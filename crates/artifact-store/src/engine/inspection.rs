//! Inspection of all stored content for damage, and repair.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use artifact_core::records::RunAddress;
use artifact_core::{ContentKey, LogicalPath, QualifiedAddress};
use sha2::{Digest as _, Sha256};

use super::reconciliation::digester_of;
use super::{Core, Engine};
use crate::StoreError;
use crate::blobs::Place;
use crate::metadata::{BlobUse, Freshness, MetadataStoreExt as _, Scope, StoredBlob};

/// The number of blobs that one query returns.
const BATCH: u32 = 1_000;

/// Receives the number of blobs and bytes that have just been read; called from any thread, must not block.
pub type OnInspected = dyn Fn(u64, u64) + Send + Sync;

/// The result of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Inspection {
    /// The number of intact blobs.
    pub ok: u64,
    /// The size of the intact blobs in bytes.
    pub ok_bytes: u64,
    /// The damaged blobs.
    pub damaged: Vec<DamagedBlob>,
}

/// Content that is missing or damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedBlob {
    /// The SHA-256 of the intact content.
    pub key: ContentKey,
    /// The size of the intact content in bytes.
    pub size: u64,
    /// Whether it is missing.
    pub is_missing: bool,
    /// The references to it; empty where only garbage is damaged.
    pub uses: Vec<ContentUse>,
}

/// A reference to stored content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentUse {
    /// An entry of a committed version.
    Entry {
        /// The version.
        version: QualifiedAddress,
        /// The entry.
        path: LogicalPath,
    },
    /// The manifest file of a committed version.
    Manifest {
        /// The version.
        version: QualifiedAddress,
    },
    /// A file of a run.
    RunFile {
        /// The run.
        run: RunAddress,
        /// The file.
        name: LogicalPath,
    },
}

impl Engine {
    /// Reads all stored content, on all cores, and reports damage.
    ///
    /// # Errors
    /// When the store fails. Damage is not an error but part of the result.
    pub async fn inspect(&self, on_inspected: Arc<OnInspected>) -> Result<Inspection, StoreError> {
        self.blocking(move |core| core.inspect(&*on_inspected))
            .await
    }

    /// Returns the number of stored blobs, and their size in bytes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn content_totals(&self) -> Result<(u64, u64), StoreError> {
        self.blocking(|core| {
            core.metadata
                .reading_at(Freshness::MayLag, |rows| rows.blob_totals())
        })
        .await
    }
}

impl Core {
    fn inspect(&self, on_inspected: &OnInspected) -> Result<Inspection, StoreError> {
        let mut found = Inspection::default();
        let mut after = None;
        loop {
            let blobs = self
                .metadata
                .reading(|rows| rows.blobs_after(after, BATCH))?;
            let Some(last) = blobs.last() else {
                return Ok(found);
            };
            after = Some(last.key);
            for (blob, is_intact) in self.inspect_all(&blobs, on_inspected)? {
                if is_intact {
                    found.ok += 1;
                    found.ok_bytes += blob.size;
                } else if let Some(damaged) = self.damaged(blob)? {
                    found.damaged.push(damaged);
                }
            }
        }
    }

    /// Reads blobs on all cores.
    fn inspect_all<'b>(
        &self,
        blobs: &'b [StoredBlob],
        on_inspected: &OnInspected,
    ) -> Result<Vec<(&'b StoredBlob, bool)>, StoreError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(blobs.len()));
        std::thread::scope(|scope| {
            for _ in 0..threads.min(blobs.len()) {
                scope.spawn(|| {
                    while let Some(blob) = blobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let is_intact = match self.is_intact(&blob.content, blob.size) {
                            // A disk that cannot be read is damage.
                            Err(StoreError::Io { .. }) => Ok(false),
                            other => other,
                        };
                        on_inspected(1, blob.size);
                        let result = is_intact.map(|is_intact| (blob, is_intact));
                        results
                            .lock()
                            .expect("no thread panics while it holds the results")
                            .push(result);
                    }
                });
            }
        });
        let results = results.into_inner();
        let results = results.expect("no thread panics while it holds the results");
        let mut results: Vec<_> = results.into_iter().collect::<Result<_, _>>()?;
        results.sort_by_key(|(blob, _)| blob.key.0);
        Ok(results)
    }

    /// Returns damaged content with its references; `None` where it was deleted meanwhile.
    fn damaged(&self, blob: &StoredBlob) -> Result<Option<DamagedBlob>, StoreError> {
        self.metadata.reading(|rows| {
            if rows.blob_sizes(&[blob.content])? != [Some(blob.size)] {
                return Ok(None);
            }
            let mut uses = Vec::new();
            for used in rows.uses_of_blob(blob.key)? {
                uses.push(match used {
                    BlobUse::Entry(version, path) => ContentUse::Entry {
                        version: self.record_of(rows, version)?.address(),
                        path,
                    },
                    BlobUse::Manifest(version) => ContentUse::Manifest {
                        version: self.record_of(rows, version)?.address(),
                    },
                    BlobUse::RunFile(run, name) => ContentUse::RunFile {
                        run: rows.run_record(run)?.address,
                        name,
                    },
                });
            }
            Ok(Some(DamagedBlob {
                key: blob.content,
                size: blob.size,
                is_missing: self
                    .blobs
                    .size(&Place::of_content(&blob.content))?
                    .is_none(),
                uses,
            }))
        })
    }
}

/// The size of the chunks in which a file is read, in bytes.
const CHUNK_SIZE: usize = 256 << 10;

impl Engine {
    /// Stores the content of `file` in place of the content under `key`, if it has that key; returns whether it has.
    ///
    /// # Errors
    /// When the file cannot be read, or the store fails.
    pub async fn restore(&self, key: ContentKey, file: PathBuf) -> Result<bool, StoreError> {
        self.blocking(move |core| core.restore(&key, &file)).await
    }

    /// Rewrites the manifest file of a committed version from the rows of its entries, if these have the digest of the
    /// version; returns whether they have. If not, nothing is changed.
    ///
    /// The new file has the same entries, but need not have the same bytes: another client may have written the
    /// original.
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
        // The file may have changed since it was hashed; then it is other content, which nothing refers to.
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

/// Returns the key of the content of a file.
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
    let mut buffer = vec![0; CHUNK_SIZE];
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
