//! Verifies a version's stored content, or a folder, against its manifest. Changes nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ports::{ArtifactRecord, TransferError};
use artifact_core::{ContentDigest, EntryDigest, LogicalPath};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::{ContentHasher, Manifest, ManifestEntry};
use tokio_util::task::TaskTracker;

use crate::blocking::{BUFFERED, BackgroundWriter};
use crate::fetch::{
    Download, DownloadFailure, FetchContext, Opened, ResumableStream, STAGING_FOLDER, local_path,
};
use crate::hashing::{self, FileToCheck};
use crate::progress::Running;
use crate::read_manifest::read_manifest;
use crate::scan::{ScanError, list_folder};
use crate::{FetchLimits, Flow, FlowError, Phase};

/// Outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Entries with the right content.
    pub ok: u64,
    /// Entries without content.
    pub missing: Vec<LogicalPath>,
    /// Entries with other content, or content that cannot be read.
    pub changed: Vec<LogicalPath>,
    /// Files that are not part of the version; only for a folder.
    pub extra: Vec<LogicalPath>,
    /// References, whose content the registry does not store; only for stored content.
    pub references: u64,
}

impl VerifyReport {
    /// Whether nothing is missing, changed or extra.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.extra.is_empty()
    }
}

impl VerifyReport {
    fn record(&mut self, path: &LogicalPath, is_right: bool) {
        if is_right {
            self.ok += 1;
        } else {
            self.changed.push(path.clone());
        }
    }
}

/// An entry and the file that should hold its content.
struct ExpectedFile<'a> {
    path: &'a LogicalPath,
    entry: &'a ManifestEntry,
    file: PathBuf,
}

/// Reads every content that the registry stores of a version, and compares it with the manifest.
///
/// # Errors
/// Fails when the manifest cannot be read, or the registry fails.
pub async fn verify_stored(
    flow: &Flow,
    record: &ArtifactRecord,
) -> Result<VerifyReport, FlowError> {
    let manifest = read_manifest(flow, record).await?;
    let mut report = VerifyReport::default();
    let stored: Vec<_> = manifest
        .iter()
        .filter(|(_, entry)| entry.reference.is_none())
        .collect();
    report.references = (manifest.len() - stored.len()) as u64;
    let running = Running::start(
        &*flow.progress,
        Phase::Verify,
        Some(stored.len() as u64),
        Some(stored_bytes(&stored)),
    );
    let limits = FetchLimits::default();
    let (context, tracker) = (
        Arc::new(FetchContext::new(flow, record, limits, None)),
        TaskTracker::new(),
    );
    for batch in stored.chunks(limits.batch) {
        let downloads = batch
            .iter()
            .map(|(path, entry)| Download::new(record, path, entry))
            .collect::<Result<Vec<_>, _>>()?;
        context.request_tickets(&downloads).await?;
        let mut checks = stream::iter(batch.iter().zip(downloads))
            .map(|(&(path, entry), download)| {
                let (context, tracker) = (&context, &tracker);
                async move {
                    Ok::<_, FlowError>((
                        path,
                        entry,
                        check_stored(context, tracker, &download).await?,
                    ))
                }
            })
            .buffer_unordered(limits.streams);
        let mut expected = Vec::with_capacity(batch.len());
        while let Some((path, entry, copy)) = checks.try_next().await? {
            match copy {
                StoredCopy::File(file) => expected.push(ExpectedFile { path, entry, file }),
                StoredCopy::Stream { is_right } => report.record(path, is_right),
                StoredCopy::Nothing => report.missing.push(path.clone()),
            }
        }
        drop(checks);
        compare(flow, &expected, &mut report)?;
    }
    // Streams end in any order.
    report.missing.sort_unstable();
    report.changed.sort_unstable();
    drop(running);
    if !report.is_ok() {
        // So that logging the files again repairs the content.
        flow.stat_cache.forget();
    }
    Ok(report)
}

/// The registry's copy of an entry.
enum StoredCopy {
    /// A local file, not read yet.
    File(PathBuf),
    /// A stream that was read.
    Stream {
        is_right: bool,
    },
    Nothing,
}

/// Checks the registry's copy of an entry.
async fn check_stored(
    context: &Arc<FetchContext>,
    tracker: &TaskTracker,
    download: &Download,
) -> Result<StoredCopy, FlowError> {
    let memory = download.size.unwrap_or(BUFFERED).min(BUFFERED);
    let _memory = context.memory_permit(memory).await;
    let checked = match ResumableStream::open(context, download, None).await {
        Ok(Opened::File(file)) => return Ok(StoredCopy::File(file)),
        Ok(Opened::Stream(stream)) => read(stream, tracker, download).await,
        Err(failure) => Err(failure),
    };
    match checked {
        Ok(digest) => {
            context.flow.progress.advance(1, 0);
            let is_right = Some(digest) == download.digest;
            Ok(StoredCopy::Stream { is_right })
        }
        Err(DownloadFailure::Retryable(FlowError::Transfer {
            source: TransferError::Gone { .. },
            ..
        })) => Ok(StoredCopy::Nothing),
        Err(DownloadFailure::Retryable(
            FlowError::Damaged { .. }
            | FlowError::Transfer {
                source: TransferError::Corrupt { .. },
                ..
            },
        )) => {
            context.flow.progress.advance(1, 0);
            Ok(StoredCopy::Stream { is_right: false })
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Reads a stream to its end, and returns its digest.
async fn read(
    mut stream: Box<ResumableStream>,
    tracker: &TaskTracker,
    download: &Download,
) -> Result<ContentDigest, DownloadFailure> {
    let algorithm = download.digest.map(|digest| digest.algorithm());
    let hasher = ContentHasher::new(algorithm.unwrap_or_default());
    let mut background = BackgroundWriter::new(tracker.clone(), HashWriter(hasher));
    let failed = |error: std::io::Error| {
        DownloadFailure::Fatal(download.transfer_error(TransferError::Backend {
            place: "memory".into(),
            source: error.into(),
        }))
    };
    while let Some(chunk) = stream.next().await? {
        background.write(chunk).await.map_err(failed)?;
    }
    let HashWriter(hasher) = background.finish().await.map_err(failed)?;
    Ok(hasher.finish())
}

/// Hashes its input and drops it.
struct HashWriter(ContentHasher);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn stored_bytes(entries: &[(&LogicalPath, &ManifestEntry)]) -> u64 {
    entries.iter().filter_map(|(_, entry)| entry.size).sum()
}

/// Reads every file in `root`, and compares it with the manifest of a version.
///
/// # Errors
/// Fails when the manifest or the folder cannot be read.
pub async fn verify_folder(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
) -> Result<VerifyReport, FlowError> {
    let manifest = read_manifest(flow, record).await?;
    let mut report = VerifyReport::default();
    let mut expected = Vec::with_capacity(manifest.len());
    for (path, entry) in manifest.iter() {
        let file = local_path(root, path);
        if file.is_file() {
            expected.push(ExpectedFile { path, entry, file });
        } else {
            report.missing.push(path.clone());
        }
    }
    report.extra = extra_files(root, &manifest)?;
    let bytes = expected
        .iter()
        .filter_map(|expected| expected.entry.size)
        .sum();
    let running = Running::start(
        &*flow.progress,
        Phase::Verify,
        Some(expected.len() as u64),
        Some(bytes),
    );
    compare(flow, &expected, &mut report)?;
    drop(running);
    Ok(report)
}

/// Returns the files below `root` that are not part of `manifest`.
pub(crate) fn extra_files(root: &Path, manifest: &Manifest) -> Result<Vec<LogicalPath>, FlowError> {
    let known: BTreeSet<&LogicalPath> = manifest.iter().map(|(path, _)| path).collect();
    let exclude = globset::GlobSet::builder()
        .add(staging_glob()?)
        .build()
        .map_err(pattern_error)?;
    match list_folder(root, &exclude) {
        Ok(found) => Ok(found
            .into_iter()
            .map(|file| file.path)
            .filter(|path| !known.contains(path))
            .collect()),
        Err(ScanError::NotAFolder { .. }) if !root.exists() => Ok(Vec::new()),
        Err(source) => Err(FlowError::Read {
            path: root.to_owned(),
            source: std::io::Error::other(source),
        }),
    }
}

fn staging_glob() -> Result<globset::Glob, FlowError> {
    globset::Glob::new(STAGING_FOLDER).map_err(pattern_error)
}

fn pattern_error(source: globset::Error) -> FlowError {
    FlowError::Pattern {
        pattern: STAGING_FOLDER.into(),
        source,
    }
}

fn compare(
    flow: &Flow,
    expected: &[ExpectedFile<'_>],
    report: &mut VerifyReport,
) -> Result<(), FlowError> {
    let (hashed, opaque): (Vec<_>, Vec<_>) = expected
        .iter()
        .partition(|expected| expected.entry.digest.content().is_some());
    let files = hashed
        .iter()
        .filter_map(|expected| {
            let algorithm = expected.entry.digest.content()?.algorithm();
            let size_hint = expected.entry.size.unwrap_or_default();
            Some(FileToCheck {
                path: expected.file.clone(),
                size_hint,
                algorithm,
            })
        })
        .collect();
    for (expected, found) in hashed.iter().zip(hashing::digests(files, &*flow.progress)?) {
        let is_right =
            found.is_some_and(|(digest, _)| EntryDigest::Content(digest) == expected.entry.digest);
        report.record(expected.path, is_right);
    }
    // Without a content digest only the length can be compared.
    for expected in opaque {
        let length = expected.file.metadata().map(|metadata| metadata.len()).ok();
        let is_right = expected.entry.size.is_none_or(|size| length == Some(size));
        report.record(expected.path, is_right);
    }
    Ok(())
}
