//! The files of runs.

use artifact_core::{ContentDigest, ContentKey, LogicalPath};

use super::Core;
use crate::StoreError;
use crate::metadata::{ProjectKey, RunKey, Snapshot, Transaction};

impl Core {
    /// Makes content that was taken in the content of a run's file. Its bytes must be durable.
    pub(super) fn put_run_file(
        &self,
        tx: &mut dyn Transaction,
        run: RunKey,
        name: &LogicalPath,
        blob: (ContentKey, u64),
        md5: &ContentDigest,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let project = Self::project_of_live_run(&*tx, run)?;
        if let Some(replaced) = tx.run_file_content(run, name)?
            && replaced != blob.0
        {
            self.writer()?.note_possible_orphan(&replaced)?;
        }
        let row = tx.ensure_blobs(&[blob])?[0];
        tx.put_run_file(run, name, row.key, md5, now)?;
        tx.record_heartbeat(run, now)?;
        tx.touch_project(project, now)
    }

    pub(super) fn project_of_live_run(
        rows: &dyn Snapshot,
        run: RunKey,
    ) -> Result<ProjectKey, StoreError> {
        match rows.project_of_run(run)? {
            Some((project, false)) => Ok(project),
            _ => Err(StoreError::rejected(
                "the run of this file is not there any more: ask for another ticket",
            )),
        }
    }
}
