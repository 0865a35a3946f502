//! The files of runs.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, LogicalPath};
use manifest::ContentHasher;

use super::Core;
use super::ingest::Content;
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, ProjectKey, RunKey, Snapshot};

impl Core {
    /// Makes content that was taken in the content of a run's file. Its bytes must be durable.
    pub(crate) fn accept_run_file(
        &self,
        run: RunKey,
        name: &LogicalPath,
        blob: (ContentKey, u64),
        md5: ContentDigest,
    ) -> Result<(), StoreError> {
        let session = self.session()?;
        let now = self.now();
        self.metadata.writing(|tx| {
            let project = Self::project_of_live_run(&*tx, run)?;
            if let Some(replaced) = tx.run_file_content(run, name)?
                && replaced != blob.0
            {
                session.note_given_up(&replaced)?;
            }
            let row = tx.ensure_blobs(&[blob])?[0];
            tx.put_run_file(run, name, row.key, &md5, now)?;
            tx.note_sign_of_life(run, now)?;
            tx.touch_project(project, now)
        })?;
        session.note_kept(&blob.0);
        Ok(())
    }

    /// Takes the content of a run's file that a ticket was given for.
    pub(super) fn upload_run_file(
        self: &Arc<Self>,
        run: RunKey,
        name: &LogicalPath,
        content: &Content<'_>,
    ) -> Result<(), StoreError> {
        // Asked before anything is written, and again when it counts.
        self.metadata
            .reading(|rows| Self::project_of_live_run(rows, run))?;
        let md5 = match content {
            Content::Bytes(bytes) => {
                let mut hasher = ContentHasher::new(DigestAlgorithm::Md5);
                hasher.update(bytes);
                hasher.finish()
            }
            Content::File { path, file } => md5_of_file(path, file)?,
        };
        let taken = self.ingest_announced(content, &md5, None)?;
        self.blobs.sync()?;
        self.accept_run_file(run, name, (taken.key, taken.size), md5)
    }

    fn project_of_live_run(rows: &dyn Snapshot, run: RunKey) -> Result<ProjectKey, StoreError> {
        match rows.project_of_run(run)? {
            Some((project, false)) => Ok(project),
            _ => Err(StoreError::rejected(
                "the run of this file is not there any more: ask for another ticket",
            )),
        }
    }
}

fn md5_of_file(path: &Path, mut file: &File) -> Result<ContentDigest, StoreError> {
    let mut hasher = ContentHasher::new(DigestAlgorithm::Md5);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file
            .read(&mut buffer)
            .map_err(StoreError::io("read", path))?
        {
            0 => break,
            length => hasher.update(&buffer[..length]),
        }
    }
    file.rewind().map_err(StoreError::io("read", path))?;
    Ok(hasher.finish())
}
