//! Reads single entries of a version: as a stream, by a range, or as a file that is in the cache.
//!
//! What is believed:
//! * A stream gives its last bytes only when all of them have the digest that they must have; before that, an error ends
//!   it. Short content is checked before its first byte is given.
//! * A range of content that is in a local file, or short, is of verified content. A range of longer content elsewhere
//!   cannot be verified without the rest, and is not.
//! * A file is verified before its path is given, and again when it seems to have been written to.

mod coming;
mod verified;

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use artifact_core::LogicalPath;
use artifact_core::ports::{ArtifactId, ArtifactRecord, DownloadTicket};
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
use coming::{all_of, checked, part_of_stream, verified_content};
pub use verified::VerifiedFile;
use verified::{VerifiedFiles, is_held, of_file, part_of_file};

/// Content that is no longer than this is fetched whole, even if only a range of it is wanted.
const SHORT: u64 = 8 << 20;

/// The bytes of an entry, in order. Ends with an error unless all were there and right.
pub type EntryStream = Pin<Box<dyn Stream<Item = Result<Bytes, FlowError>> + Send>>;

/// Reads single entries of versions. Cheap to clone; clones share what they know to be right.
#[derive(Clone)]
pub struct Reader {
    flow: Flow,
    resolvers: ResolverLookup,
    allow_local_references: bool,
    verified: Arc<VerifiedFiles>,
    /// Where content was, so that not every range has to be asked for. One that has expired is renewed as ever.
    tickets: Arc<Mutex<HashMap<(ArtifactId, LogicalPath), DownloadTicket>>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Where content turned out to be.
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
    /// When it is gone, or a local file of it is damaged.
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
                let content = self.collect(&context, &download, stream).await?;
                Ok(Box::pin(stream::iter([Ok(content)])))
            }
            Found::Stream(stream) => Ok(checked(download, stream)),
        }
    }

    /// Returns the bytes of an entry from the start of `range` up to but not including its end.
    ///
    /// # Errors
    /// [`FlowError::Range`] when there are not so many; when the content is gone, or was found to be damaged.
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
        let came = opened(ResumableStream::open(&context, &download, wanted).await)?;
        self.note(record, &download);
        match came {
            Opened::File(file) => {
                let file = self.verified(&download, file).await?;
                part_of_file(path, file, range).await
            }
            Opened::Stream(stream) if is_part_enough => all_of(stream).await,
            Opened::Stream(stream) if download.size.is_some_and(|size| size <= SHORT) => {
                let content = self.collect(&context, &download, stream).await?;
                Ok(content.slice(index(range.start)..index(range.end)))
            }
            Opened::Stream(stream) => part_of_stream(download, stream, range).await,
        }
    }

    /// Returns a local file with the content of an entry: the registry's own, or that of the cache, which fetches it if it
    /// has to. Nothing is copied.
    ///
    /// # Errors
    /// When the content is gone or damaged, and [`FlowError::NoCache`] where it has to be fetched and there is no cache.
    pub async fn file(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<VerifiedFile, FlowError> {
        /// Somebody else may take away what was kept.
        const TRIES: usize = 3;
        let entry = with_resolved_digest(entry, &self.resolvers).await;
        let (context, download) = self.prepare(record, path, &entry)?;
        if let Found::Local(file) = self.find(&context, &download).await? {
            return Ok(file);
        }
        let none = || FlowError::NoCache { path: path.clone() };
        let cache = self.flow.cache.clone().ok_or_else(none)?;
        // Without one, nothing can be found in the cache again.
        let digest = download.digest.ok_or_else(none)?;
        for _ in 0..TRIES {
            let root = absolute_path(&cache.staging().join(resume_file_name(&digest)))?;
            // It is given to the cache as a whole.
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

    /// Finds out where the content of an item is, unless that is known.
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

    /// Notes where the content of an item was.
    fn note(&self, record: &ArtifactRecord, download: &Download) {
        /// More than anybody reads from at once.
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
            match opened(ResumableStream::open(context, download, None).await)? {
                Opened::File(file) => Found::Local(self.verified(download, file).await?),
                Opened::Stream(stream) => Found::Stream(stream),
            },
        )
    }

    /// Returns what the cache has, where it is right.
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
            // Whatever is wrong with the cache: the content is to be had elsewhere.
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

    /// Returns short content whole, once it is verified, and keeps it.
    async fn collect(
        &self,
        context: &Arc<FetchContext>,
        download: &Download,
        stream: Box<ResumableStream>,
    ) -> Result<Bytes, FlowError> {
        let content = match verified_content(download, stream).await {
            Err(DownloadFailure::Retryable(_)) => {
                // Once more, with a new ticket, as in any fetch.
                context
                    .request_tickets(std::slice::from_ref(download))
                    .await?;
                match opened(ResumableStream::open(context, download, None).await)? {
                    Opened::Stream(stream) => verified_content(download, stream).await,
                    Opened::File(file) => {
                        let file = self.verified(download, file).await?;
                        let size = file.size();
                        return part_of_file(&download.path, file, 0..size).await;
                    }
                }
            }
            content => content,
        };
        let content = content.map_err(error_of)?;
        if let (Some(cache), Some(digest), Origin::Stored(_)) =
            (self.flow.cache.clone(), download.digest, &download.origin)
        {
            let content = content.clone();
            blocking::run(move || cache.keep_bytes(&digest, &content)).await;
        }
        Ok(content)
    }
}

fn opened(opened: Result<Opened, DownloadFailure>) -> Result<Opened, FlowError> {
    opened.map_err(error_of)
}

fn error_of(failure: DownloadFailure) -> FlowError {
    match failure {
        DownloadFailure::Retryable(error) | DownloadFailure::Fatal(error) => error,
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
