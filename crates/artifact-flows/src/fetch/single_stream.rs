//! Files that arrive as one stream: small ones are collected in memory, others are hashed while they are written.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;
use tokio::sync::OwnedSemaphorePermit;

use super::context::FetchContext;
use super::download::{Download, DownloadFailure, DownloadOutcome, DownloadResult};
use super::install::Installer;
use super::resumable_stream::ResumableStream;
use crate::blocking::{BUFFERED, BackgroundWriter, run_tracked};

/// A file collected in memory, and the permit for that memory.
#[derive(Debug)]
pub(super) struct CollectedFile {
    pub(super) download: Download,
    pub(super) bytes: Vec<u8>,
    pub(super) memory: OwnedSemaphorePermit,
}

/// Whether the content is short enough to be collected in memory.
pub(super) fn is_collected(context: &FetchContext, download: &Download) -> bool {
    download
        .size
        .is_some_and(|size| size <= context.limits.collected_bytes)
}

/// Returns the memory needed while the content arrives.
pub(super) fn memory_needed(context: &FetchContext, download: &Download) -> u64 {
    match download.size {
        Some(size) if is_collected(context, download) => size,
        _ => BUFFERED,
    }
}

/// Collects a whole stream.
pub(crate) async fn collect(
    download: &Download,
    mut stream: Box<ResumableStream>,
) -> Result<Vec<u8>, DownloadFailure> {
    let size = download.size.unwrap_or_default();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    while let Some(chunk) = stream.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Writes and hashes a stream, and installs the file.
pub(super) async fn stream_to_file(
    installer: &Arc<Installer>,
    download: Download,
    mut stream: Box<ResumableStream>,
) -> DownloadResult {
    let failed = |download: &Download, error| {
        DownloadFailure::Fatal(installer.write_error(&download.path, error))
    };
    let writer = StagedFile::new(installer.new_staged_path(), &download);
    let mut background = BackgroundWriter::new(installer.tracker.clone(), writer);
    loop {
        match stream.next().await {
            Ok(Some(chunk)) => {
                if let Err(error) = background.write(chunk).await {
                    return DownloadResult::failed(failed(&download, error), download);
                }
            }
            Ok(None) => break,
            Err(failure) => return DownloadResult::failed(failure, download),
        }
    }
    // Frees the stream permit while the rest is written.
    drop(stream);
    let writer = match background.finish().await {
        Ok(writer) => writer,
        Err(error) => return DownloadResult::failed(failed(&download, error), download),
    };
    let worker = Arc::clone(installer);
    run_tracked(&installer.tracker, move || {
        match writer.install(&worker, &download) {
            Ok(size) => DownloadResult::finished(download, DownloadOutcome::Installed(size)),
            Err(failure) => DownloadResult::failed(failure, download),
        }
    })
    .await
}

/// A staged file that is hashed while it is written.
struct StagedFile {
    path: PathBuf,
    /// Created with the first bytes, on a thread that may block.
    file: Option<File>,
    hasher: Option<ContentHasher>,
    size: u64,
}

impl StagedFile {
    fn new(path: PathBuf, download: &Download) -> Self {
        Self {
            path,
            file: None,
            // `None` where there is no digest to compare with.
            hasher: download
                .digest
                .map(|digest| ContentHasher::new(digest.algorithm())),
            size: 0,
        }
    }

    fn file(&mut self) -> std::io::Result<&mut File> {
        if self.file.is_none() {
            self.file = Some(File::create(&self.path)?);
        }
        Ok(self.file.as_mut().expect("it was created just now"))
    }

    fn install(
        mut self,
        installer: &Installer,
        download: &Download,
    ) -> Result<u64, DownloadFailure> {
        let digest = self.hasher.take().map(ContentHasher::finish);
        if let Err(error) = download.verify(self.size, digest) {
            // A retry needs the space.
            _ = std::fs::remove_file(&self.path);
            return Err(DownloadFailure::Retryable(error));
        }
        let path = self.path.clone();
        self.file()
            .and_then(|file| installer.install(download, &path, file))
            .map_err(|error| installer.write_error(&download.path, error))?;
        Ok(self.size)
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file()?.write(bytes)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes[..written]);
        }
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hashes, writes and installs collected files, and returns the result of each.
pub(super) fn install_collected(
    installer: &Installer,
    collected: Vec<CollectedFile>,
) -> Vec<DownloadResult> {
    let mut digests = vec![None; collected.len()];
    for algorithm in DigestAlgorithm::ALL {
        let of_this: Vec<usize> = (0..collected.len())
            .filter(|index| {
                let digest = collected[*index].download.digest;
                digest.map(|digest| digest.algorithm()) == Some(algorithm)
            })
            .collect();
        let contents: Vec<&[u8]> = of_this
            .iter()
            .map(|index| &*collected[*index].bytes)
            .collect();
        for (index, digest) in of_this
            .iter()
            .zip(ContentHasher::digest_each(algorithm, &contents))
        {
            digests[*index] = Some(digest);
        }
    }
    collected
        .into_iter()
        .zip(digests)
        .map(|(body, digest)| {
            let placed = install_one(installer, &body, digest);
            let CollectedFile {
                download,
                bytes,
                memory,
            } = body;
            drop((bytes, memory));
            match placed {
                Ok(size) => DownloadResult::finished(download, DownloadOutcome::Installed(size)),
                Err(failure) => DownloadResult::failed(failure, download),
            }
        })
        .collect()
}

fn install_one(
    installer: &Installer,
    body: &CollectedFile,
    digest: Option<ContentDigest>,
) -> Result<u64, DownloadFailure> {
    let size = body.bytes.len() as u64;
    body.download
        .verify(size, digest)
        .map_err(DownloadFailure::Retryable)?;
    let staged = installer.new_staged_path();
    File::create(&staged)
        .and_then(|mut file| {
            file.write_all(&body.bytes)?;
            installer.install_bytes(&body.download, &staged, &file, &body.bytes)
        })
        .map_err(|error| installer.write_error(&body.download.path, error))?;
    Ok(size)
}
