//! Downloads single files of a run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use artifact_core::ports::{Fetched, RunFileRecord, TransferError};
use artifact_core::{ContentDigest, DigestAlgorithm, LogicalPath};
use futures::StreamExt as _;
use manifest::ContentHasher;
use tempfile::NamedTempFile;
use tokio_util::task::TaskTracker;

use crate::blocking::{BackgroundWriter, run_tracked};
use crate::fetch::{local_path, make_folders};
use crate::hashing::{self, FileToCheck};
use crate::retry::TransferRetries;
use crate::{Flow, FlowError, NoProgress};

/// Downloads a file of a run into the folder `root`, under its own name. It appears there only once its length and MD5
/// are verified; a correct file is left untouched. Returns its path.
///
/// # Errors
/// Fails when the name cannot be a local file name, when the content is gone or damaged, when the folder cannot be
/// written, or when writing would follow a symbolic link.
pub async fn fetch_run_file(
    flow: &Flow,
    file: &RunFileRecord,
    root: &Path,
) -> Result<PathBuf, FlowError> {
    // Rejects names that would leave the root.
    let name: LogicalPath = file.name.parse()?;
    let write = |path: &Path, source| FlowError::Write {
        path: path.to_owned(),
        source,
    };
    let root = std::path::absolute(root).map_err(|source| write(root, source))?;
    let target = local_path(&root, &name);
    let tracker = TaskTracker::new();
    let (expected, path) = (ExpectedFile::of(file), target.clone());
    let (folder, own) = (root.clone(), name.clone());
    let is_there = run_tracked(&tracker, move || {
        fs::create_dir_all(&folder).map_err(|source| FlowError::Write {
            path: folder.clone(),
            source,
        })?;
        make_folders(&folder, std::iter::once(&own))?;
        expected.is_at(&path)
    })
    .await?;
    if is_there {
        return Ok(target);
    }
    let folder = target.parent().unwrap_or(&root);
    let mut retries = TransferRetries::new(flow);
    loop {
        let staged = tempfile::Builder::new()
            .prefix(".wandb-rs-")
            .tempfile_in(folder)
            .map_err(|source| write(folder, source))?;
        match download_to(flow, file, &name, &tracker, staged).await {
            Ok(staged) => {
                staged
                    .persist(&target)
                    .map_err(|error| write(&target, error.error))?;
                return Ok(target);
            }
            Err(AttemptError::Retryable(error)) => {
                if !retries.wait_after(&error, flow).await {
                    return Err(error);
                }
            }
            Err(AttemptError::Fatal(error)) => return Err(error),
        }
    }
}

/// Expected size and digest of a file.
#[derive(Debug, Clone, Copy)]
struct ExpectedFile {
    size: u64,
    md5: Option<ContentDigest>,
}

impl ExpectedFile {
    fn of(file: &RunFileRecord) -> Self {
        Self {
            size: file.size,
            md5: file.md5,
        }
    }

    /// Whether the file at `path` is correct; unknown, and so `false`, if the registry gives no digest.
    fn is_at(self, path: &Path) -> Result<bool, FlowError> {
        let is_candidate = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == self.size);
        let Some(md5) = self.md5.filter(|_| is_candidate) else {
            return Ok(false);
        };
        let file = FileToCheck {
            path: path.to_owned(),
            size_hint: self.size,
            algorithm: md5.algorithm(),
        };
        let found = hashing::digests(vec![file], &NoProgress)?;
        Ok(matches!(found[..], [Some((digest, _))] if digest == md5))
    }
}

enum AttemptError {
    /// Another attempt may help.
    Retryable(FlowError),
    Fatal(FlowError),
}

/// Downloads the content to a temporary file, and verifies it.
async fn download_to(
    flow: &Flow,
    file: &RunFileRecord,
    name: &LogicalPath,
    tracker: &TaskTracker,
    staged: NamedTempFile,
) -> Result<NamedTempFile, AttemptError> {
    let transfer_error = |source| FlowError::Transfer {
        path: file.name.clone(),
        source,
    };
    let path = staged.path().to_owned();
    let written = |source| {
        AttemptError::Fatal(FlowError::Write {
            path: path.clone(),
            source,
        })
    };
    let writer = Writer {
        staged,
        hasher: ContentHasher::new(DigestAlgorithm::Md5),
        size: 0,
    };
    let opened = flow.transfer.download(&file.ticket, None).await;
    let writer = match opened.map_err(|source| AttemptError::Fatal(transfer_error(source)))? {
        Fetched::File(source) => {
            let copied = run_tracked(tracker, move || writer.copy_from(&source)).await;
            copied.map_err(written)?
        }
        Fetched::Stream(mut chunks) => {
            let mut background = BackgroundWriter::new(tracker.clone(), writer);
            while let Some(chunk) = chunks.next().await {
                let chunk =
                    chunk.map_err(|source| AttemptError::Retryable(transfer_error(source)))?;
                background.write(chunk).await.map_err(written)?;
            }
            background.finish().await.map_err(written)?
        }
        _ => {
            let place = flow.registry.location();
            return Err(AttemptError::Fatal(transfer_error(
                TransferError::ForeignTicket { place },
            )));
        }
    };
    let found = writer.hasher.finish();
    let expected = file.md5.unwrap_or(found);
    if found == expected && writer.size == file.size {
        return Ok(writer.staged);
    }
    let describe = |digest: ContentDigest, size| format!("{digest} and {size} bytes");
    Err(AttemptError::Retryable(FlowError::Damaged {
        path: name.clone(),
        expected: describe(expected, file.size),
        found: describe(found, writer.size),
    }))
}

/// Hashes bytes while writing them.
struct Writer {
    staged: NamedTempFile,
    hasher: ContentHasher,
    size: u64,
}

impl Writer {
    fn copy_from(mut self, source: &Path) -> std::io::Result<Self> {
        std::io::copy(&mut fs::File::open(source)?, &mut self)?;
        Ok(self)
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.staged.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
