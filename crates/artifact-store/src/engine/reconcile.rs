//! Holding a manifest file against the entries whose content is stored.

use std::io::Read;

use artifact_core::LogicalPath;
use artifact_core::ports::{ArtifactId, RegistryError};
use manifest::{ManifestEntry, ReadError, ReadLimits, read_entries};

use super::kept::KeptContent;
use super::stored_rows::StoredRows;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{
    CollectionKey, ContentRow, EntryContent, EntryRow, ManifestRow, StoredContent, Transaction,
    VersionKey,
};

/// How many rows are read or written at once.
pub(super) const BATCH: u32 = 1000;

/// What the entries of a manifest come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) size: u64,
    pub(super) file_count: u64,
    /// How many entries had content, but are not in the manifest file.
    pub(super) unlisted: usize,
}

/// Makes the rows of a manifest those of the manifest file.
///
/// # Errors
/// [`RegistryError::MissingContent`] when the content of an entry is not stored, [`RegistryError::Rejected`] when the
/// file is no manifest, or says another size than the content has.
pub(super) fn reconcile(
    tx: &mut dyn Transaction,
    manifest: &ManifestRow,
    collection: CollectionKey,
    file: impl Read,
) -> Result<Totals, StoreError> {
    // What an earlier upload of the same manifest has left.
    tx.delete_references(manifest.key)?;
    let mut merge = Merge {
        stored: StoredRows::default(),
        kept: KeptContent::new(&*tx, manifest, collection)?,
        tx,
        manifest,
        new: Vec::new(),
        totals: Totals::default(),
    };
    let read = read_entries(file, &ReadLimits::default(), |path, entry| {
        merge.take(path, entry)
    });
    read.map_err(unreadable)?;
    merge.finish()
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

/// A merge of two sequences: the entries in the file, and the rows.
struct Merge<'t> {
    tx: &'t mut dyn Transaction,
    manifest: &'t ManifestRow,
    stored: StoredRows,
    kept: KeptContent,
    new: Vec<EntryRow>,
    totals: Totals,
}

impl Merge<'_> {
    fn take(&mut self, path: LogicalPath, entry: ManifestEntry) -> Result<(), StoreError> {
        let row = self.row_at(&path)?;
        let birth = entry.birth_artifact.as_ref();
        let birth = birth.and_then(|id| version_key(&ArtifactId(id.as_ref().into())).ok());
        let size = match (&entry.reference, row) {
            (Some(reference), _) => {
                let content = EntryContent::Reference(reference.clone());
                let size = entry.size;
                self.put(path, entry, size, content, birth)?;
                size.unwrap_or_default()
            }
            (None, Some(row)) => check_content(&row, &entry)?,
            (None, None) => {
                let kept = self.kept.find(&*self.tx, &path, &entry.digest, birth)?;
                let kept = kept.ok_or_else(|| missing(&path))?;
                let size = check_content(&kept, &entry)?;
                let content = EntryContent::Blob(kept.blob);
                self.put(path, entry, Some(size), content, birth)?;
                size
            }
        };
        self.totals.file_count += 1;
        let sum = self.totals.size.checked_add(size);
        self.totals.size = sum.ok_or_else(|| StoreError::rejected("the sizes are too large"))?;
        Ok(())
    }

    /// Returns the row at the path of an entry of the file.
    fn row_at(&mut self, path: &LogicalPath) -> Result<Option<ContentRow>, StoreError> {
        if self.stored.is_next(path) {
            return self.stored.advance_to(&*self.tx, self.manifest.key, path);
        }
        // Not in order: most likely passed over. Otherwise there is no row, or its entry has been here before.
        if let Some(row) = self.stored.passed_over.remove(path) {
            return Ok(Some(row));
        }
        self.flush()?;
        let listed: Option<StoredContent> = self
            .tx
            .stored_contents(self.manifest.key, std::slice::from_ref(path))?[0];
        match listed {
            None => Ok(None),
            Some(_) => Err(StoreError::rejected(format!(
                "the manifest lists {path} twice"
            ))),
        }
    }

    fn put(
        &mut self,
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
        self.flush()
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.tx.put_entries(self.manifest.key, &self.new)?;
        self.new.clear();
        Ok(())
    }

    /// Removes the rows that the file does not list.
    fn finish(mut self) -> Result<Totals, StoreError> {
        self.stored.pass_over_rest(&*self.tx, self.manifest.key)?;
        let unlisted: Vec<_> = self.stored.passed_over.into_keys().collect();
        self.totals.unlisted = unlisted.len();
        self.tx.delete_entries(self.manifest.key, &unlisted)?;
        self.tx.put_entries(self.manifest.key, &self.new)?;
        Ok(self.totals)
    }
}

/// Checks that stored content is what an entry says; returns its size.
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
