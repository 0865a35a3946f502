//! Content on its way to a reader, written into the cache as it passes.

use artifact_core::ports::{ByteStream, TransferError};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::blocking::{self, ShutDown};
use crate::cache::Key;
use crate::{Cache, CacheError, CachedFile};

/// The maximum of chunks that wait to be written.
const WAITING: usize = 4;

/// A message to the writer. The end is sent too: a sender dropped without it means that the content was cut short.
enum Part {
    Chunk(Bytes),
    End,
}

/// A file that becomes an entry of the cache.
struct Copy {
    parts: mpsc::Sender<Part>,
    written: JoinHandle<Result<Option<Result<CachedFile, CacheError>>, ShutDown>>,
}

/// Returns `content`, which becomes the entry `key` of the cache when it is read to its end. Where the cache folder cannot
/// be written, it passes all the same; where it is not what `key` says, it ends in [`TransferError::Corrupt`].
pub(super) fn tee(cache: Cache, key: Key, place: String, content: ByteStream) -> ByteStream {
    let copy = Copy::begin(cache, key);
    let state = (content, Some(copy), place);
    stream::try_unfold(state, async |(mut content, copy, place)| {
        if let Some(chunk) = content.next().await {
            let chunk = chunk?;
            let copy = match copy {
                Some(copy) => copy.take(&chunk).await,
                None => None,
            };
            return Ok(Some((chunk, (content, copy, place))));
        }
        match copy {
            Some(copy) => copy.finish(place).await.map(|()| None),
            None => Ok(None),
        }
    })
    .boxed()
}

impl Copy {
    fn begin(cache: Cache, key: Key) -> Self {
        let (parts, mut incoming) = mpsc::channel(WAITING);
        let written = tokio::spawn(blocking::run(move |_| {
            let mut writer = match cache.writer(key) {
                Ok(writer) => writer,
                Err(error) => return Some(Err(error)),
            };
            loop {
                match incoming.blocking_recv() {
                    Some(Part::Chunk(chunk)) => {
                        if let Err(error) = writer.write(&chunk) {
                            return Some(Err(error));
                        }
                    }
                    Some(Part::End) => return Some(writer.finish()),
                    None => return None,
                }
            }
        }));
        Self { parts, written }
    }

    /// Writes a chunk; gives up where that fails.
    async fn take(self, chunk: &Bytes) -> Option<Self> {
        if self.parts.send(Part::Chunk(chunk.clone())).await.is_ok() {
            return Some(self);
        }
        self.give_up().await;
        None
    }

    async fn finish(self, place: String) -> Result<(), TransferError> {
        if self.parts.send(Part::End).await.is_err() {
            self.give_up().await;
            return Ok(());
        }
        match self.written.await {
            Ok(Ok(Some(Err(CacheError::Mismatch { .. })))) => Err(TransferError::Corrupt { place }),
            Ok(Ok(Some(Err(error)))) => {
                tell(&error);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn give_up(self) {
        if let Ok(Ok(Some(Err(error)))) = self.written.await {
            tell(&error);
        }
    }
}

fn tell(error: &CacheError) {
    tracing::warn!(%error, "the content of a reference is not kept in the cache");
}
