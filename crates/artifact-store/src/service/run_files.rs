//! The files of runs.

use std::collections::HashSet;

use artifact_core::LogicalPath;
use artifact_core::ports::UploadTicket;
use artifact_core::records::{RunAddress, RunFile, RunStorageId};
use serde_json::{Value, json};

use super::listing::{Listable, select, time_text};
use super::{FileSelection, ListQuery, Service, Slice};
use crate::metadata::{MetadataStoreExt as _, RunFileRow, Scope};
use crate::tickets::{UploadTarget, download_ticket};
use crate::{StoreError, media_type};

/// The longest pattern; what it is matched with is a path.
const MAX_PATTERN: usize = 1024;

impl From<RunFileRow> for RunFile {
    fn from(row: RunFileRow) -> Self {
        Self {
            number: row.number,
            size: row.size,
            md5: row.md5,
            mimetype: media_type(row.name.as_str()).map(str::to_owned),
            updated_at: row.updated_at,
            ticket: download_ticket(&row.content),
            name: row.name,
        }
    }
}

impl Listable for RunFile {
    fn document(&self) -> Value {
        json!({
            "name": self.name.as_str(),
            "size": self.size,
            "md5": self.md5.to_string(),
            "mimetype": self.mimetype,
            "updated_at": time_text(self.updated_at),
        })
    }

    fn number(&self) -> i64 {
        self.number
    }
}

impl Service {
    /// Returns where to send the files of a run, in the order of the request.
    ///
    /// # Errors
    /// [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun), when the caller may not, when a name
    /// leaves the run's folder, and when the store fails.
    pub fn request_run_files(
        &self,
        run: &RunAddress,
        names: &[String],
    ) -> Result<Vec<UploadTicket>, StoreError> {
        let names = names.iter().map(|name| name.parse::<LogicalPath>());
        let names: Result<Vec<_>, _> = names.collect();
        let names = names.map_err(|error| StoreError::rejected(error.to_string()))?;
        self.request_run_uploads(run, names)
    }

    /// As [`Self::request_run_files`], of names that were checked.
    pub(crate) fn request_run_uploads(
        &self,
        run: &RunAddress,
        names: Vec<LogicalPath>,
    ) -> Result<Vec<UploadTicket>, StoreError> {
        let run = self.core.metadata.reading(|rows| {
            self.must_be_allowed(rows, &run.project.entity)?;
            self.core.existing_run(rows, run)
        })?;
        let tickets = names
            .into_iter()
            .map(|name| UploadTarget::RunFile { run, name }.to_ticket());
        Ok(tickets.collect())
    }

    /// Lists the files of a run, by name unless the query says otherwise.
    ///
    /// # Errors
    /// When the query cannot be read, when the pattern has more than 1,024 bytes, and when the store fails.
    pub fn run_files(
        &self,
        run: &RunStorageId,
        selection: &FileSelection,
        query: &ListQuery,
    ) -> Result<Slice<RunFile>, StoreError> {
        let pattern = selection.pattern.as_deref();
        if let Some(length) = pattern.map(str::len).filter(|length| MAX_PATTERN < *length) {
            return Err(StoreError::rejected(format!(
                "the pattern for names has {length} bytes, at most {MAX_PATTERN} are allowed"
            )));
        }
        let mut files =
            self.core
                .metadata
                .reading(|rows| match self.visible_run(rows, run)? {
                    Some(run) => rows.run_files(run, pattern),
                    None => Ok(Vec::new()),
                })?;
        if !selection.names.is_empty() {
            let names: HashSet<&str> = selection.names.iter().map(String::as_str).collect();
            files.retain(|file| names.contains(file.name.as_str()));
        }
        let files = files.into_iter().map(RunFile::from).collect();
        select(files, query, "+name")
    }

    /// Deletes files of runs by their numbers; those that are gone are no error.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn delete_run_files(&self, numbers: &[i64]) -> Result<(), StoreError> {
        let writer = self.core.writer()?;
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            for number in numbers {
                let Some(run) = tx.run_of_file(*number)? else {
                    continue;
                };
                let Some((project, _)) = tx.project_of_run(run)? else {
                    continue;
                };
                self.must_be_allowed(&*tx, &tx.project_record(project)?.address.entity)?;
                if let Some(content) = tx.delete_run_file(*number)? {
                    writer.note_possible_orphan(&content)?;
                }
                tx.touch_project(project, now)?;
            }
            Ok(())
        })
    }
}
