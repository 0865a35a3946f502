//! Content in local files: installed from the registry's, a reference's or the cache's file, or located for callers
//! that only read it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{ArtifactRecord, TransferError};
use artifact_core::{ContentDigest, DigestAlgorithm, LogicalPath, RetryNotice};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::ManifestEntry;

use super::context::FetchContext;
use super::download::{Download, DownloadOutcome, DownloadResult};
use super::install::Installer;
use super::resumable_stream::{Opened, ResumableStream};
use super::{EntryOptions, FetchLimits, absolute_path, download_entries, local_path};
use crate::hashing::{self, HashTask};
use crate::{Flow, FlowError, Phase, Progress};

/// A download whose content is in a local file.
#[derive(Debug)]
pub(super) struct LocalSource {
    pub(super) download: Download,
    pub(super) file: PathBuf,
    /// Whether it is the cache's file, which may be damaged without harm.
    pub(super) is_cached: bool,
}

/// Copies or clones every one of `sources` into place, hashing it meanwhile, and returns the result of each.
pub(super) fn install_local(
    installer: &Installer,
    sources: Vec<LocalSource>,
) -> Result<Vec<DownloadResult>, FlowError> {
    let tasks: Vec<_> = sources
        .into_iter()
        .map(|source| InstallTask {
            installer,
            staged: installer.new_staged_path(),
            source,
            target: None,
        })
        .collect();
    let result = Mutex::new(Vec::with_capacity(tasks.len()));
    let progress = BytesOnly(Arc::clone(&installer.flow.progress));
    hashing::run(tasks, &progress, &|_, one| {
        result
            .lock()
            .expect("no thread panics while it holds the list")
            .push(one);
    })?;
    Ok(result
        .into_inner()
        .expect("no thread panics while it holds the list"))
}

/// Forwards bytes only. A file counts when it is installed, which may take a retry.
#[derive(Debug)]
struct BytesOnly(Arc<dyn Progress>);

impl Progress for BytesOnly {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, bytes: u64) {
        if 0 < bytes {
            self.0.advance(0, bytes);
        }
    }

    fn retrying(&self, notice: &RetryNotice) {
        self.0.retrying(notice);
    }

    fn finish(&self, _phase: Phase) {}
}

/// A file to install.
struct InstallTask<'a> {
    installer: &'a Installer,
    source: LocalSource,
    staged: PathBuf,
    /// The staged file, unless it is a clone.
    target: Option<File>,
}

impl InstallTask<'_> {
    fn write_error(&self, source: std::io::Error) -> FlowError {
        self.installer
            .write_error(&self.source.download.path, source)
    }

    fn create(&self) -> Result<File, FlowError> {
        File::create(&self.staged).map_err(|source| self.write_error(source))
    }

    /// Clones the source into the staged file, if the file system can.
    fn clone_source(&self) -> Option<File> {
        let can_clone = &self.installer.can_clone;
        if !can_clone.load(Ordering::Relaxed) {
            return None;
        }
        let cloned = reflink_copy::reflink(&self.source.file, &self.staged);
        let file = cloned
            .and_then(|()| make_writable(&self.staged))
            .and_then(|()| File::open(&self.staged));
        can_clone.store(file.is_ok(), Ordering::Relaxed);
        file.ok()
    }

    /// Handles a source with wrong content: the cache's is evicted and downloaded instead, any other is an error.
    fn wrong(mut self, error: FlowError, read: u64) -> Result<DownloadResult, FlowError> {
        let (Some(cache), Some(digest), true) = (
            &self.installer.flow.cache,
            &self.source.download.digest,
            self.source.is_cached,
        ) else {
            return Err(error);
        };
        cache.distrust(digest);
        drop(self.target.take());
        _ = fs::remove_file(&self.staged);
        self.source.download.progress.reported_elsewhere(read);
        self.source.download.may_use_cache = false;
        Ok(DownloadResult::finished(
            self.source.download,
            DownloadOutcome::NotCached,
        ))
    }
}

/// Makes a clone of a read-only source writable for its owner.
fn make_writable(path: &Path) -> std::io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    #[cfg(not(unix))]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

impl HashTask for InstallTask<'_> {
    type Output = DownloadResult;
    type Error = FlowError;

    fn algorithm(&self) -> DigestAlgorithm {
        self.source
            .download
            .digest
            .map_or_else(DigestAlgorithm::default, |digest| digest.algorithm())
    }

    fn size_hint(&self) -> u64 {
        self.source.download.size.unwrap_or_default()
    }

    fn open(&mut self, is_whole: bool) -> Result<File, FlowError> {
        if !is_whole {
            if let Some(clone) = self.clone_source() {
                return Ok(clone);
            }
            self.target = Some(self.create()?);
        }
        File::open(&self.source.file).map_err(|source| self.read_failed(source))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        match &mut self.target {
            Some(target) => target
                .write_all(bytes)
                .map_err(|source| self.write_error(source)),
            None => Ok(()),
        }
    }

    fn finish(
        self,
        file: File,
        size: u64,
        digest: ContentDigest,
    ) -> Result<DownloadResult, FlowError> {
        if let Err(error) = self.source.download.verify(size, Some(digest)) {
            return self.wrong(error, size);
        }
        let staged = self.target.as_ref().unwrap_or(&file);
        let download = &self.source.download;
        self.installer
            .rename_into_place(&download.path, &self.staged, staged, download.digest)
            .map_err(|source| self.write_error(source))?;
        Ok(DownloadResult::finished(
            self.source.download,
            DownloadOutcome::Installed(size),
        ))
    }

    fn take_whole(
        mut self,
        file: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<DownloadResult, FlowError> {
        let size = bytes.len() as u64;
        if let Err(error) = self.source.download.verify(size, Some(digest)) {
            return self.wrong(error, size);
        }
        self.target = Some(self.create()?);
        self.take(bytes)?;
        self.finish(file, size, digest)
    }

    fn read_failed(&self, source: std::io::Error) -> FlowError {
        self.source.download.transfer_error(TransferError::Backend {
            place: self.source.file.display().to_string(),
            source: source.into(),
        })
    }

    fn give_up(self, error: FlowError) -> Result<DownloadResult, FlowError> {
        match error {
            FlowError::Transfer { .. } => self.wrong(error, 0),
            error => Err(error),
        }
    }
}

/// Returns a local file for each of these stored entries, in their order.
///
/// A registry's own local files are returned as they are, unverified. The rest is downloaded into the folder `staging`,
/// where a later call continues.
///
/// # Errors
/// Fails when content is gone, or downloaded content is damaged.
pub(crate) async fn local_copies(
    flow: &Flow,
    record: &ArtifactRecord,
    stored: &[(&LogicalPath, &ManifestEntry)],
    staging: &Path,
) -> Result<Vec<PathBuf>, FlowError> {
    let limits = FetchLimits::default();
    let mut files = find_local(flow, record, stored, limits).await?;
    let far: Vec<_> = stored
        .iter()
        .zip(&files)
        .filter(|(_, file)| file.is_none())
        .map(|(entry, _)| *entry)
        .collect();
    let root = absolute_path(staging)?;
    if !far.is_empty() {
        let options = EntryOptions::with_defaults(None, false).without_caching();
        Box::pin(download_entries(flow, record, &root, &far, options)).await?;
    }
    Ok(stored
        .iter()
        .zip(&mut files)
        .map(|((path, _), file)| file.take().unwrap_or_else(|| local_path(&root, path)))
        .collect())
}

/// Returns the registry's own local file of each entry, if it has one.
async fn find_local(
    flow: &Flow,
    record: &ArtifactRecord,
    stored: &[(&LogicalPath, &ManifestEntry)],
    limits: FetchLimits,
) -> Result<Vec<Option<PathBuf>>, FlowError> {
    let context = Arc::new(FetchContext::new(flow, record, limits, None));
    let mut files = Vec::with_capacity(stored.len());
    // The first entry shows whether the registry has local files, so that the rest need not be opened twice.
    let mut batch = 1;
    while files.len() < stored.len() {
        let rest = &stored[files.len()..];
        let downloads = rest[..batch.min(rest.len())]
            .iter()
            .map(|(path, entry)| Download::new(record, path, entry))
            .collect::<Result<Vec<_>, _>>()?;
        context.request_tickets(&downloads).await?;
        let opening = downloads.into_iter().map(|download| {
            let context = Arc::clone(&context);
            async move { open(&context, &download).await }
        });
        let opened: Vec<_> = stream::iter(opening)
            .buffered(limits.streams)
            .try_collect()
            .await?;
        let is_far = opened.iter().all(Option::is_none);
        files.extend(opened);
        if is_far {
            files.resize(stored.len(), None);
        }
        batch = limits.batch;
    }
    Ok(files)
}

async fn open(
    context: &Arc<FetchContext>,
    download: &Download,
) -> Result<Option<PathBuf>, FlowError> {
    Ok(
        match ResumableStream::open(context, download, None).await? {
            Opened::File(file) => Some(file),
            // Dropped unread.
            Opened::Stream(_) => None,
        },
    )
}
