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

/// How many blobs are looked up in one question.
const BATCH: u32 = 1_000;

/// Hears of blobs and their bytes as they have been read; called from any thread, must not block.
pub type OnInspected = dyn Fn(u64, u64) + Send + Sync;

/// What an inspection found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Inspection {
    /// How many contents are what they must be.
    pub ok: u64,
    /// Their bytes.
    pub ok_bytes: u64,
    /// Those that are not.
    pub damaged: Vec<DamagedBlob>,
}

/// Content that is gone, or is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedBlob {
    /// The SHA-256 of what it must be.
    pub key: ContentKey,
    /// Its length in bytes.
    pub size: u64,
    /// Whether nothing of it is there.
    pub is_missing: bool,
    /// What refers to it; nothing where only garbage is damaged.
    pub uses: Vec<ContentUse>,
}

/// What refers to stored content.
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
    /// Reads every stored content to its last byte, on all cores, and says what is not what it must be.
    ///
    /// # Errors
    /// When the store fails. What is missing or damaged is no error but in the answer.
    pub async fn inspect(&self, on_inspected: Arc<OnInspected>) -> Result<Inspection, StoreError> {
        self.blocking(move |core| core.inspect(&*on_inspected))
            .await
    }

    /// Returns how many contents are stored, and their bytes.
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
                            // A disk that cannot be read is what is looked for.
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

    /// Returns what is known of damaged content; `None` where it was taken away meanwhile.
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

/// How much of a file is read at once.
const CHUNK_SIZE: usize = 256 << 10;

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
