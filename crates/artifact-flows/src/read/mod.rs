//! Reads single entries of a version: as a stream, by range, or as a file in the cache.
//!
//! Guarantees:
//! * A stream yields its last bytes only when the digest of all of them is right; otherwise an error ends it. Short
//!   content is verified before its first byte is yielded.
//! * A range of content that is short or in a local file comes from verified content. A range of longer remote content
//!   cannot be verified without the rest, and is not.
//! * A file is verified before its path is returned, and again when its stamp shows a write.

mod verified;

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use artifact_core::LogicalPath;
use artifact_core::ports::{ArtifactRecord, DownloadTicket};
use artifact_core::records::ArtifactId;
use bytes::Bytes;
use futures::{Stream, stream};
use manifest::ManifestEntry;

use crate::blocking;
use crate::fetch::{
    Download, DownloadFailure, EntryOptions, FetchContext, FetchLimits, Opened, Origin,
    ResumableStream, absolute_path, download_entries, forget_damaged, local_path, resume_file_name,
};
use crate::references::ResolverLookup;
use crate::references::with_resolved_digest;
use crate::{Flow, FlowError};
pub use verified::VerifiedFile;
use verified::{
    VerifiedFiles, all_of, checked, is_held, of_file, part_of_file, part_of_stream,
    verified_content,
};

/// Content up to this length is downloaded whole, even if only a range is requested.
const SHORT: u64 = 8 << 20;

/// The bytes of an entry, in order. Ends with an error unless all arrived and are verified.
pub type EntryStream = Pin<Box<dyn Stream<Item = Result<Bytes, FlowError>> + Send>>;

/// Reads single entries of versions. Cheap to clone; clones share their caches.
#[derive(Clone)]
pub struct Reader {
    flow: Flow,
    resolvers: ResolverLookup,
    allow_local_references: bool,
    verified: Arc<VerifiedFiles>,
    /// Tickets of entries that were read, so that not every range needs a request. Expired ones are refreshed as usual.
    tickets: Arc<Mutex<HashMap<(ArtifactId, LogicalPath), DownloadTicket>>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Content that was located.
enum Found {
    Local(VerifiedFile),
    Stream(Box<ResumableStream>),
}

impl Reader {
    /// Returns a reader; `allow_local_references` is that of [`FetchOptions`](crate::FetchOptions).
    #[must_use]
    pub fn new(flow: &Flow, resolvers: &ResolverLookup, allow_local_references: bool) -> Self {
        Self {
            flow: flow.clone(),
            resolvers: Arc::clone(resolvers),
            allow_local_references,
            verified: Arc::default(),
            tickets: Arc::default(),
        }
    }

    /// Opens the content of an entry.
    ///
    /// # Errors
    /// Fails when the content is gone, or a local file of it is damaged.
    pub async fn open(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<EntryStream, FlowError> {
        let entry = with_resolved_digest(entry, &self.resolvers).await;
        let (context, download) = self.prepare(record, path, &entry)?;
        match self.find(&context, &download).await? {
            Found::Local(file) => Ok(of_file(file)),
            Found::Stream(stream) if download.size.is_some_and(|size| size <= SHORT) => {
                let bytes = self.collect(&context, &download, stream).await?;
                Ok(Box::pin(stream::iter([Ok(bytes)])))
            }
            Found::Stream(stream) => Ok(checked(download, stream)),
        }
    }

    /// Returns the bytes of an entry in `range`.
    ///
    /// # Errors
    /// [`FlowError::Range`] when the entry is shorter; fails when the content is gone or was found to be damaged.
    pub async fn range(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
        range: Range<u64>,
    ) -> Result<Bytes, FlowError> {
        let entry = with_resolved_digest(entry, &self.resolvers).await;
        let (context, download) = self.prepare(record, path, &entry)?;
        if let Some(size) = download.size {
            check_range(path, &range, size)?;
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if let Some(file) = self.cached(&download).await? {
            return part_of_file(path, file, range).await;
        }
        self.locate(&context, record, &download).await?;
        let is_part_enough = matches!(download.origin, Origin::Stored(_))
            && download.size.is_some_and(|size| SHORT < size);
        let wanted = is_part_enough.then(|| range.clone());
        let came = ResumableStream::open(&context, &download, wanted).await?;
        self.note(record, &download);
        match came {
            Opened::File(file) => {
                let file = self.verified(&download, file).await?;
                part_of_file(path, file, range).await
            }
            Opened::Stream(stream) if is_part_enough => all_of(stream).await,
            Opened::Stream(stream) if download.size.is_some_and(|size| size <= SHORT) => {
                let bytes = self.collect(&context, &download, stream).await?;
                Ok(bytes.slice(index(range.start)..index(range.end)))
            }
            Opened::Stream(stream) => part_of_stream(download, stream, range).await,
        }
    }

    /// Returns a local file with the content of an entry: the registry's own, or the cache's, downloading it there if
    /// necessary. Nothing is copied.
    ///
    /// # Errors
    /// Fails when the content is gone or damaged; [`FlowError::NoCache`] if it must be downloaded and there is no
    /// cache.
    pub async fn file(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<VerifiedFile, FlowError> {
        /// Another process may evict the file at once.
        const TRIES: usize = 3;
        let entry = with_resolved_digest(entry, &self.resolvers).await;
        let (context, download) = self.prepare(record, path, &entry)?;
        if let Found::Local(file) = self.find(&context, &download).await? {
            return Ok(file);
        }
        let none = || FlowError::NoCache { path: path.clone() };
        let cache = self.flow.cache.clone().ok_or_else(none)?;
        // The cache is keyed by digest.
        let digest = download.digest.ok_or_else(none)?;
        for _ in 0..TRIES {
            let root = absolute_path(&cache.staging().join(resume_file_name(&digest)))?;
            // The whole file is moved into the cache below.
            let options =
                EntryOptions::with_defaults(Some(&self.resolvers), self.allow_local_references)
                    .without_caching();
            Box::pin(download_entries(
                &self.flow,
                record,
                &root,
                &[(path, &*entry)],
                options,
            ))
            .await?;
            let (cache, staged) = (Arc::clone(&cache), local_path(&root, path));
            blocking::run(move || {
                cache.adopt(&digest, &staged);
                _ = std::fs::remove_dir_all(&root);
            })
            .await;
            if let Some(file) = self.cached(&download).await? {
                return Ok(file);
            }
        }
        Err(none())
    }

    fn prepare(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<(Arc<FetchContext>, Download), FlowError> {
        if let Some(uri) = &entry.reference
            && uri.scheme().as_str() == "file"
            && !self.allow_local_references
        {
            return Err(FlowError::LocalReference {
                path: path.clone(),
                uri: uri.clone(),
            });
        }
        let download = Download::new(record, path, entry)?;
        let resolvers = Some(Arc::clone(&self.resolvers));
        let context = FetchContext::new(&self.flow, record, FetchLimits::default(), resolvers);
        Ok((Arc::new(context), download))
    }

    /// Requests a ticket, unless one is known.
    async fn locate(
        &self,
        context: &FetchContext,
        record: &ArtifactRecord,
        download: &Download,
    ) -> Result<(), FlowError> {
        let Origin::Stored(stored) = &download.origin else {
            return Ok(());
        };
        let key = (record.id.clone(), download.path.clone());
        let known = self.tickets().get(&key).cloned();
        if known.is_some() {
            stored.set_ticket(known);
            return Ok(());
        }
        context
            .request_tickets(std::slice::from_ref(download))
            .await
    }

    /// Remembers the ticket of a download.
    fn note(&self, record: &ArtifactRecord, download: &Download) {
        /// More entries than a program reads at once.
        const MOST: usize = 10_000;
        if let Origin::Stored(stored) = &download.origin
            && let Some(ticket) = stored.ticket()
        {
            let mut tickets = self.tickets();
            if MOST <= tickets.len() {
                tickets.clear();
            }
            tickets.insert((record.id.clone(), download.path.clone()), ticket);
        }
    }

    fn tickets(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<(ArtifactId, LogicalPath), DownloadTicket>> {
        self.tickets
            .lock()
            .expect("no thread panics while it holds the tickets")
    }

    async fn find(
        &self,
        context: &Arc<FetchContext>,
        download: &Download,
    ) -> Result<Found, FlowError> {
        if let Some(file) = self.cached(download).await? {
            return Ok(Found::Local(file));
        }
        context
            .request_tickets(std::slice::from_ref(download))
            .await?;
        Ok(
            match ResumableStream::open(context, download, None).await? {
                Opened::File(file) => Found::Local(self.verified(download, file).await?),
                Opened::Stream(stream) => Found::Stream(stream),
            },
        )
    }

    /// Returns the cache's file, if it is intact.
    async fn cached(&self, download: &Download) -> Result<Option<VerifiedFile>, FlowError> {
        let (Some(cache), Some(digest), Origin::Stored(_)) =
            (self.flow.cache.clone(), download.digest, &download.origin)
        else {
            return Ok(None);
        };
        let (known, download) = (Arc::clone(&self.verified), download.clone());
        let found = blocking::run(move || {
            let path = cache.find(&digest)?;
            let file = known.verify(&download, &path);
            match &file {
                Err(FlowError::Damaged { .. }) => cache.distrust(&digest),
                Ok(file) if !is_held(file) => return None,
                _ => {}
            }
            // Errors of the cache are ignored: the registry has the content.
            file.ok()
        });
        Ok(found.await)
    }

    async fn verified(
        &self,
        download: &Download,
        path: PathBuf,
    ) -> Result<VerifiedFile, FlowError> {
        let (known, download) = (Arc::clone(&self.verified), download.clone());
        let verified = blocking::run(move || known.verify(&download, &path)).await;
        forget_damaged(&self.flow, &verified);
        verified
    }

    /// Returns short content whole, verified, and stores it in the cache.
    async fn collect(
        &self,
        context: &Arc<FetchContext>,
        download: &Download,
        stream: Box<ResumableStream>,
    ) -> Result<Bytes, FlowError> {
        let bytes = match verified_content(download, stream).await {
            Err(DownloadFailure::Retryable(_)) => {
                // Retries once with a new ticket, as every download does.
                context
                    .request_tickets(std::slice::from_ref(download))
                    .await?;
                match ResumableStream::open(context, download, None).await? {
                    Opened::Stream(stream) => verified_content(download, stream).await,
                    Opened::File(file) => {
                        let file = self.verified(download, file).await?;
                        let size = file.size();
                        return part_of_file(&download.path, file, 0..size).await;
                    }
                }
            }
            bytes => bytes,
        };
        let bytes = bytes?;
        if let (Some(cache), Some(digest), Origin::Stored(_)) =
            (self.flow.cache.clone(), download.digest, &download.origin)
        {
            let bytes = bytes.clone();
            blocking::run(move || cache.keep_bytes(&digest, &bytes)).await;
        }
        Ok(bytes)
    }
}

fn check_range(path: &LogicalPath, range: &Range<u64>, size: u64) -> Result<(), FlowError> {
    if range.start <= range.end && range.end <= size {
        return Ok(());
    }
    Err(FlowError::Range {
        path: path.clone(),
        start: range.start,
        end: range.end,
        size,
    })
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
