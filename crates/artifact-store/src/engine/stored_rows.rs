//! The rows of a manifest, met in the order of a manifest file.

use std::collections::{BTreeMap, VecDeque};

use artifact_core::LogicalPath;

use super::reconcile::BATCH;
use crate::StoreError;
use crate::metadata::{ContentRow, ManifestKey, Snapshot};

/// The rows whose content is stored, in order, read a batch at a time.
#[derive(Default)]
pub(super) struct StoredRows {
    batch: VecDeque<ContentRow>,
    /// Where the next batch starts.
    read_up_to: Option<LogicalPath>,
    is_exhausted: bool,
    /// The highest path that was asked for.
    highest: Option<LogicalPath>,
    /// Rows below it that no entry has asked for: none while a sorted file lists what was uploaded.
    pub(super) passed_over: BTreeMap<LogicalPath, ContentRow>,
}

impl StoredRows {
    /// Whether `path` is higher than all that were asked for.
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
            // Rows written from now on are not to be met: they lie before the batch, or behind the last one.
            self.is_exhausted = self.batch.is_empty();
            self.read_up_to = self.batch.back().map(|row| row.path.clone());
        }
        Ok(self.batch.pop_front())
    }
}
