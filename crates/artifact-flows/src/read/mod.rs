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
use tokio::task::spawn_blocking;

use crate::blocking::joined;
use crate::fetch::{
    Failure, Feed, FetchLimits, How, Item, Line, Opened, Origin, absolute, bring, half_file_name,
    heed_damage, local_path,
};
use crate::references::ResolverLookup;
use crate::references::known;
use crate::{Flow, FlowError};
use coming::{all_of, checked, part_of_stream, verified_content};
pub use verified::VerifiedFile;
use verified::{Known, is_held, of_file, part_of_file};

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
    verified: Arc<Known>,
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
    Here(VerifiedFile),
    Coming(Box<Feed>),
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
        let entry = known(entry, &self.resolvers).await;
        let (line, item) = self.item(record, path, &entry)?;
        match self.find(&line, &item).await? {
            Found::Here(file) => Ok(of_file(file)),
            Found::Coming(feed) if item.size.is_some_and(|size| size <= SHORT) => {
                let content = self.collect(&line, &item, feed).await?;
                Ok(Box::pin(stream::iter([Ok(content)])))
            }
            Found::Coming(feed) => Ok(checked(item, feed)),
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
        let entry = known(entry, &self.resolvers).await;
        let (line, item) = self.item(record, path, &entry)?;
        if let Some(size) = item.size {
            check_range(path, &range, size)?;
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if let Some(file) = self.cached(&item).await? {
            return part_of_file(path, file, range).await;
        }
        self.locate(&line, record, &item).await?;
        let is_part_enough =
            matches!(item.origin, Origin::Stored(_)) && item.size.is_some_and(|size| SHORT < size);
        let wanted = is_part_enough.then(|| range.clone());
        let came = opened(Feed::open(&line, &item, wanted).await)?;
        self.note(record, &item);
        match came {
            Opened::File(file) => {
                let file = self.verified(&item, file).await?;
                part_of_file(path, file, range).await
            }
            Opened::Feed(feed) if is_part_enough => all_of(feed).await,
            Opened::Feed(feed) if item.size.is_some_and(|size| size <= SHORT) => {
                let content = self.collect(&line, &item, feed).await?;
                Ok(content.slice(index(range.start)..index(range.end)))
            }
            Opened::Feed(feed) => part_of_stream(item, feed, range).await,
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
        let entry = known(entry, &self.resolvers).await;
        let (line, item) = self.item(record, path, &entry)?;
        if let Found::Here(file) = self.find(&line, &item).await? {
            return Ok(file);
        }
        let none = || FlowError::NoCache { path: path.clone() };
        let cache = self.flow.cache.clone().ok_or_else(none)?;
        // Without one, nothing can be found in the cache again.
        let digest = item.digest.ok_or_else(none)?;
        for _ in 0..TRIES {
            let root = absolute(&cache.staging().join(half_file_name(&digest)))?;
            // It is given to the cache as a whole.
            let how = How::simply(Some(&self.resolvers), self.allow_local_references).unkept();
            Box::pin(bring(&self.flow, record, &root, &[(path, &*entry)], how)).await?;
            let (cache, staged) = (Arc::clone(&cache), local_path(&root, path));
            joined(
                spawn_blocking(move || {
                    cache.adopt(&digest, &staged);
                    _ = std::fs::remove_dir_all(&root);
                })
                .await,
            );
            if let Some(file) = self.cached(&item).await? {
                return Ok(file);
            }
        }
        Err(none())
    }

    fn item(
        &self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<(Arc<Line>, Item), FlowError> {
        if let Some(uri) = &entry.reference
            && uri.scheme().as_str() == "file"
            && !self.allow_local_references
        {
            return Err(FlowError::LocalReference {
                path: path.clone(),
                uri: uri.clone(),
            });
        }
        let item = Item::new(record, path, entry)?;
        let resolvers = Some(Arc::clone(&self.resolvers));
        let line = Line::new(&self.flow, record, FetchLimits::default(), resolvers);
        Ok((Arc::new(line), item))
    }

    /// Finds out where the content of an item is, unless that is known.
    async fn locate(
        &self,
        line: &Line,
        record: &ArtifactRecord,
        item: &Item,
    ) -> Result<(), FlowError> {
        let Origin::Stored(stored) = &item.origin else {
            return Ok(());
        };
        let key = (record.id.clone(), item.path.clone());
        let known = self.tickets().get(&key).cloned();
        if known.is_some() {
            stored.set_ticket(known);
            return Ok(());
        }
        line.fill(std::slice::from_ref(item)).await
    }

    /// Notes where the content of an item was.
    fn note(&self, record: &ArtifactRecord, item: &Item) {
        /// More than anybody reads from at once.
        const MOST: usize = 10_000;
        if let Origin::Stored(stored) = &item.origin
            && let Some(ticket) = stored.ticket()
        {
            let mut tickets = self.tickets();
            if MOST <= tickets.len() {
                tickets.clear();
            }
            tickets.insert((record.id.clone(), item.path.clone()), ticket);
        }
    }

    fn tickets(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<(ArtifactId, LogicalPath), DownloadTicket>> {
        self.tickets
            .lock()
            .expect("no thread panics while it holds the tickets")
    }

    async fn find(&self, line: &Arc<Line>, item: &Item) -> Result<Found, FlowError> {
        if let Some(file) = self.cached(item).await? {
            return Ok(Found::Here(file));
        }
        line.fill(std::slice::from_ref(item)).await?;
        Ok(match opened(Feed::open(line, item, None).await)? {
            Opened::File(file) => Found::Here(self.verified(item, file).await?),
            Opened::Feed(feed) => Found::Coming(feed),
        })
    }

    /// Returns what the cache has, where it is right.
    async fn cached(&self, item: &Item) -> Result<Option<VerifiedFile>, FlowError> {
        let (Some(cache), Some(digest), Origin::Stored(_)) =
            (self.flow.cache.clone(), item.digest, &item.origin)
        else {
            return Ok(None);
        };
        let (known, item) = (Arc::clone(&self.verified), item.clone());
        let found = spawn_blocking(move || {
            let path = cache.find(&digest)?;
            let file = known.verify(&item, &path);
            match &file {
                Err(FlowError::Damaged { .. }) => cache.distrust(&digest),
                Ok(file) if !is_held(file) => return None,
                _ => {}
            }
            // Whatever is wrong with the cache: the content is to be had elsewhere.
            file.ok()
        });
        Ok(joined(found.await))
    }

    async fn verified(&self, item: &Item, path: PathBuf) -> Result<VerifiedFile, FlowError> {
        let (known, item) = (Arc::clone(&self.verified), item.clone());
        let verified = joined(spawn_blocking(move || known.verify(&item, &path)).await);
        heed_damage(&self.flow, &verified);
        verified
    }

    /// Returns short content whole, once it is verified, and keeps it.
    async fn collect(
        &self,
        line: &Arc<Line>,
        item: &Item,
        feed: Box<Feed>,
    ) -> Result<Bytes, FlowError> {
        let content = match verified_content(item, feed).await {
            Err(Failure::Wrong(_)) => {
                // Once more, with a new ticket, as in any fetch.
                line.fill(std::slice::from_ref(item)).await?;
                match opened(Feed::open(line, item, None).await)? {
                    Opened::Feed(feed) => verified_content(item, feed).await,
                    Opened::File(file) => {
                        let file = self.verified(item, file).await?;
                        let size = file.size();
                        return part_of_file(&item.path, file, 0..size).await;
                    }
                }
            }
            content => content,
        };
        let content = content.map_err(error_of)?;
        if let (Some(cache), Some(digest), Origin::Stored(_)) =
            (self.flow.cache.clone(), item.digest, &item.origin)
        {
            let content = content.clone();
            joined(spawn_blocking(move || cache.keep_bytes(&digest, &content)).await);
        }
        Ok(content)
    }
}

fn opened(opened: Result<Opened, Failure>) -> Result<Opened, FlowError> {
    opened.map_err(error_of)
}

fn error_of(failure: Failure) -> FlowError {
    match failure {
        Failure::Wrong(error) | Failure::Final(error) => error,
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
