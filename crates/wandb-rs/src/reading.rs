//! Reading single entries of a version, without bringing the version anywhere.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use artifact_core::LogicalPath;
use artifact_flows::{EntryStream, FlowError, VerifiedFile};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use manifest::ManifestEntry;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::StreamReader;

use crate::{Error, LoggedArtifact};

/// The bytes of an entry, as an [`AsyncRead`] and as a [`Stream`] of chunks.
///
/// The last bytes come only when all of them have the digest that they must have: content that is damaged ends in an error
/// instead of an end, and what was read before must not be used then. Entries of up to 8 MiB, and those in local files, are
/// verified before their first byte comes.
pub struct EntryContent(StreamReader<IoStream, Bytes>);

type IoStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl EntryContent {
    fn new(chunks: EntryStream) -> Self {
        let chunks = chunks.map(|chunk| chunk.map_err(io::Error::other));
        Self(StreamReader::new(Box::pin(chunks)))
    }
}

impl fmt::Debug for EntryContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EntryContent(..)")
    }
}

impl AsyncRead for EntryContent {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Stream for EntryContent {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        use tokio::io::AsyncBufRead as _;
        // What was read into the buffer and not taken from it comes first.
        let chunk = match Pin::new(&mut self.0).poll_fill_buf(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok([])) => return Poll::Ready(None),
            Poll::Ready(Ok(chunk)) => Bytes::copy_from_slice(chunk),
        };
        Pin::new(&mut self.0).consume(chunk.len());
        Poll::Ready(Some(Ok(chunk)))
    }
}

/// A local file with the content of an entry, which was verified. It must not be written to, and is not copied.
///
/// As long as this is there, no clean-up of the cache takes the file away. To map a model into memory, which takes a line
/// of `unsafe` in the program that does it, because no other program may shorten the file meanwhile:
///
/// ```ignore
/// let file = artifact.cached_file("model.safetensors").await?;
/// let mapped = unsafe { memmap2::Mmap::map(file.file())? };
/// let tensors = safetensors::SafeTensors::deserialize(&mapped)?;
/// ```
#[derive(Debug)]
pub struct CachedFile(VerifiedFile);

impl CachedFile {
    /// Returns where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns its length in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.0.size()
    }

    /// Returns the open file, for reading only.
    #[must_use]
    pub const fn file(&self) -> &std::fs::File {
        self.0.file()
    }
}

impl LoggedArtifact {
    /// Opens the content of an entry.
    ///
    /// # Errors
    /// [`Error::Flow`] when there is no such entry, or its content is gone.
    pub async fn open(&self, path: &str) -> Result<EntryContent, Error> {
        let (path, entry) = self.find_entry(path).await?;
        let reader = self.client().reader();
        let chunks = reader.open(self.record(), &path, entry).await?;
        Ok(EntryContent::new(chunks))
    }

    /// Returns the whole content of an entry, verified.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when the content is damaged.
    pub async fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        let (path, entry) = self.find_entry(path).await?;
        let reader = self.client().reader();
        let mut chunks = reader.open(self.record(), &path, entry).await?;
        let mut content = Vec::new();
        while let Some(chunk) = chunks.next().await {
            content.extend_from_slice(&chunk?);
        }
        Ok(content)
    }

    /// Returns the bytes of an entry from the start of `range` up to but not including its end.
    ///
    /// They are verified where the content is in the cache or in an embedded store, or is at most 8 MiB long, which is then
    /// fetched whole. Of longer content only the range is fetched, which cannot be verified without the rest:
    /// [`cached_file`](Self::cached_file) fetches the whole, after which every range is of verified content.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when there are not so many bytes.
    pub async fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let (path, entry) = self.find_entry(path).await?;
        let reader = self.client().reader();
        Ok(reader.range(self.record(), &path, entry, range).await?)
    }

    /// Returns a local file with the content of an entry, verified: that of the embedded store, or one in the cache, where
    /// it is fetched to if it has to be.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn cached_file(&self, path: &str) -> Result<CachedFile, Error> {
        let (path, entry) = self.find_entry(path).await?;
        let reader = self.client().reader();
        let file = reader.file(self.record(), &path, entry).await?;
        Ok(CachedFile(file))
    }

    /// Returns the entry at `path`.
    pub(crate) async fn find_entry(
        &self,
        path: &str,
    ) -> Result<(LogicalPath, &ManifestEntry), Error> {
        let path: LogicalPath = path.parse()?;
        match self.kept_manifest().await?.get(&path) {
            Some(entry) => Ok((path, entry)),
            None => Err(FlowError::NoEntry {
                artifact: self.to_string(),
                path,
            }
            .into()),
        }
    }
}
