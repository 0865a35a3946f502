//! Comparison of a manifest file with the entries whose content is stored.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;

use artifact_core::ports::RegistryError;
use artifact_core::records::ArtifactId;
use artifact_core::{ArtifactDigest, DigestAlgorithm, LogicalPath};
use manifest::{ArtifactDigester, ManifestEntry, ReadError, ReadLimits, read_entries};

use super::upload_requests::InheritedEntries;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{
    ContentRow, EntryContent, EntryRow, ManifestKey, ManifestRow, Snapshot, StoredContent,
    Transaction, VersionKey, VersionRow,
};

/// The number of rows that one query reads or writes.
pub(super) const BATCH: u32 = 1000;

/// Totals over the entries of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) size: u64,
    pub(super) file_count: u64,
    /// The number of entries with content that are not in the manifest file.
    pub(super) unlisted: usize,
    /// The digest of the entries as a whole.
    pub(super) digest: ArtifactDigest,
}

/// A merge of two sequences: the entries of a manifest file, and the rows of the manifest, which are changed to match.
/// No row is a reference at the beginning: those of an earlier upload of the same manifest are removed before.
///
/// It may span several transactions, as long as nothing else changes the rows meanwhile.
pub(super) struct Reconciliation {
    manifest: ManifestKey,
    algorithm: DigestAlgorithm,
    stored: EntryCursor,
    kept: InheritedEntries,
    new: Vec<EntryRow>,
    size: u64,
    file_count: u64,
    /// Computes the digest while entries arrive in order; `None` after one that does not.
    in_order: Option<ArtifactDigester>,
}

/// Reads a manifest file, and calls `each` with every entry.
///
/// # Errors
/// [`RegistryError::Rejected`] when the file is no manifest, and the errors of `each`.
pub(super) fn read_manifest(
    file: impl Read,
    each: impl FnMut(LogicalPath, ManifestEntry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let read = read_entries(file, &ReadLimits::default(), each);
    read.map(drop).map_err(unreadable)
}

fn unreadable(error: ReadError) -> StoreError {
    match error {
        ReadError::Refused { source, .. } => match source.downcast::<StoreError>() {
            Ok(ours) => *ours,
            Err(source) => StoreError::rejected(source.to_string()),
        },
        ReadError::Malformed { source } => {
            StoreError::rejected(format!("the manifest cannot be read: {source}"))
        }
        other => StoreError::rejected(other.to_string()),
    }
}

impl Reconciliation {
    pub(super) fn new(
        rows: &dyn Snapshot,
        manifest: &ManifestRow,
        version: &VersionRow,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            manifest: manifest.key,
            algorithm: version.algorithm,
            stored: EntryCursor::default(),
            kept: InheritedEntries::new(rows, manifest, version.collection)?,
            new: Vec::new(),
            size: 0,
            file_count: 0,
            in_order: Some(ArtifactDigester::new(version.algorithm)),
        })
    }

    /// Takes the next entry of the file.
    ///
    /// # Errors
    /// [`RegistryError::MissingContent`] when its content is not stored, [`RegistryError::Rejected`] when its size is
    /// not that of the content, or when its path occurs twice.
    pub(super) fn take(
        &mut self,
        tx: &mut dyn Transaction,
        path: LogicalPath,
        entry: ManifestEntry,
    ) -> Result<(), StoreError> {
        if !self.stored.is_next(&path) {
            self.in_order = None;
        }
        if let Some(digester) = &mut self.in_order {
            digester.entry(&path, &entry.digest);
        }
        let row = self.row_at(tx, &path)?;
        let birth = entry.birth_artifact.as_ref();
        let birth = birth.and_then(|id| version_key(&ArtifactId(id.as_ref().into())).ok());
        let size = match (&entry.reference, row) {
            (Some(reference), _) => {
                let content = EntryContent::Reference(reference.clone());
                let size = entry.size;
                self.put(tx, path, entry, size, content, birth)?;
                size.unwrap_or_default()
            }
            (None, Some(row)) => check_content(&row, &entry)?,
            (None, None) => {
                let kept = self.kept.find(&*tx, &path, &entry.digest, birth)?;
                let kept = kept.ok_or_else(|| missing(&path))?;
                let size = check_content(&kept, &entry)?;
                let content = EntryContent::Blob(kept.blob);
                self.put(tx, path, entry, Some(size), content, birth)?;
                size
            }
        };
        self.file_count += 1;
        let sum = self.size.checked_add(size);
        self.size = sum.ok_or_else(|| StoreError::rejected("the sizes are too large"))?;
        Ok(())
    }

    /// Returns the row at the path of an entry of the file.
    fn row_at(
        &mut self,
        tx: &mut dyn Transaction,
        path: &LogicalPath,
    ) -> Result<Option<ContentRow>, StoreError> {
        if self.stored.is_next(path) {
            return self.stored.advance_to(&*tx, self.manifest, path);
        }
        // Out of order: most likely passed over. Otherwise there is no row, or the path occurs twice.
        if let Some(row) = self.stored.passed_over.remove(path) {
            return Ok(Some(row));
        }
        self.flush(tx)?;
        let listed: Option<StoredContent> =
            tx.stored_contents(self.manifest, std::slice::from_ref(path))?[0];
        match listed {
            None => Ok(None),
            Some(_) => Err(StoreError::rejected(format!(
                "the manifest lists {path} twice"
            ))),
        }
    }

    fn put(
        &mut self,
        tx: &mut dyn Transaction,
        path: LogicalPath,
        entry: ManifestEntry,
        size: Option<u64>,
        content: EntryContent,
        birth: Option<VersionKey>,
    ) -> Result<(), StoreError> {
        self.new.push(EntryRow {
            path,
            digest: entry.digest,
            size,
            content,
            extra: entry.extra,
            birth,
        });
        if self.new.len() < BATCH as usize {
            return Ok(());
        }
        self.flush(tx)
    }

    /// Writes the rows that were collected until now.
    pub(super) fn flush(&mut self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        tx.put_entries(self.manifest, &self.new)?;
        self.new.clear();
        Ok(())
    }

    /// Removes the rows that the file does not list.
    pub(super) fn finish(mut self, tx: &mut dyn Transaction) -> Result<Totals, StoreError> {
        self.stored.pass_over_rest(&*tx, self.manifest)?;
        let unlisted: Vec<_> = self.stored.passed_over.into_keys().collect();
        tx.delete_entries(self.manifest, &unlisted)?;
        tx.put_entries(self.manifest, &self.new)?;
        let digester = if let Some(digester) = self.in_order {
            digester
        } else {
            digester_of(&*tx, self.manifest, self.algorithm)?
        };
        Ok(Totals {
            size: self.size,
            file_count: self.file_count,
            unlisted: unlisted.len(),
            digest: digester.finish(),
        })
    }
}

/// Returns a digester over all entries of a manifest.
pub(super) fn digester_of(
    rows: &dyn Snapshot,
    manifest: ManifestKey,
    algorithm: DigestAlgorithm,
) -> Result<ArtifactDigester, StoreError> {
    let mut digester = ArtifactDigester::new(algorithm);
    rows.for_each_digest(manifest, &mut |path, digest| digester.entry(path, digest))?;
    Ok(digester)
}

/// Checks that stored content has the digest and size of an entry; returns its size.
fn check_content(row: &ContentRow, entry: &ManifestEntry) -> Result<u64, StoreError> {
    if entry.digest.content() != Some(&row.digest) {
        return Err(missing(&row.path));
    }
    match entry.size {
        Some(size) if size != row.size => Err(StoreError::rejected(format!(
            "the manifest says that {} has {size} bytes, but its content has {}",
            row.path, row.size
        ))),
        _ => Ok(row.size),
    }
}

fn missing(path: &LogicalPath) -> StoreError {
    RegistryError::MissingContent {
        path: path.to_string(),
    }
    .into()
}

/// A cursor over the rows whose content is stored, in order, read in batches.
#[derive(Default)]
pub(super) struct EntryCursor {
    batch: VecDeque<ContentRow>,
    /// The path after which the next batch starts.
    read_up_to: Option<LogicalPath>,
    is_exhausted: bool,
    /// The highest path that was looked up.
    highest: Option<LogicalPath>,
    /// Rows below it that were not looked up: none while a sorted file lists all uploads.
    pub(super) passed_over: BTreeMap<LogicalPath, ContentRow>,
}

impl EntryCursor {
    /// Whether `path` is higher than all that were looked up.
    pub(super) fn is_next(&self, path: &LogicalPath) -> bool {
        self.highest.as_ref().is_none_or(|highest| highest < path)
    }

    /// Returns the row at `path`, the next in order; the rows before it are passed over.
    pub(super) fn advance_to(
        &mut self,
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        path: &LogicalPath,
    ) -> Result<Option<ContentRow>, StoreError> {
        self.highest = Some(path.clone());
        while let Some(row) = self.next(rows, manifest)? {
            if row.path == *path {
                return Ok(Some(row));
            }
            if *path < row.path {
                self.batch.push_front(row);
                return Ok(None);
            }
            self.passed_over.insert(row.path.clone(), row);
        }
        Ok(None)
    }

    /// Passes over all rows that are left.
    pub(super) fn pass_over_rest(
        &mut self,
        rows: &dyn Snapshot,
        manifest: ManifestKey,
    ) -> Result<(), StoreError> {
        while let Some(row) = self.next(rows, manifest)? {
            self.passed_over.insert(row.path.clone(), row);
        }
        Ok(())
    }

    fn next(
        &mut self,
        rows: &dyn Snapshot,
        manifest: ManifestKey,
    ) -> Result<Option<ContentRow>, StoreError> {
        if self.batch.is_empty() && !self.is_exhausted {
            let after = self.read_up_to.as_ref();
            self.batch = rows.contents_after(manifest, after, BATCH)?.into();
            // Rows written from now on are not visited: they sort before the batch, or after the last one.
            self.is_exhausted = self.batch.is_empty();
            self.read_up_to = self.batch.back().map(|row| row.path.clone());
        }
        Ok(self.batch.pop_front())
    }
}
