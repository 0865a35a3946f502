//! Hashes one file on two threads: one reads and passes the bytes on, the other hashes. MD5 of one message is serial
//! and the slowest step, so its thread does nothing else.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use manifest::ContentHasher;

use super::strategies::read_full;

/// Bytes per chunk; a chunk stays in the reading core's cache until it is consumed.
const CHUNK: usize = 256 << 10;

/// Chunks in flight, so that a short pause of the disk stalls no thread.
const CHUNKS: usize = 8;

/// A buffer, and the number of bytes in it.
type Chunk = (Arc<Vec<u8>>, usize);

/// Reads `file` from its position up to `limit` bytes or its end: each chunk is hashed on another thread while `take`
/// consumes it. Returns the hasher and the number of bytes, or the read error.
///
/// # Errors
/// Those of `take`, which end it.
pub(crate) fn hash_beside<E>(
    file: &mut File,
    limit: u64,
    mut hasher: ContentHasher,
    take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<io::Result<(ContentHasher, u64)>, E> {
    let (to_hasher, chunks) = sync_channel(CHUNKS);
    let (to_reader, free) = sync_channel(CHUNKS);
    std::thread::scope(|scope| {
        let hashing = scope.spawn(move || {
            hash_all(&mut hasher, &chunks, &to_reader);
            hasher
        });
        let read = read_and_take(file, limit, take, &to_hasher, &free);
        drop(to_hasher);
        let hasher = hashing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(read?.map(|size| (hasher, size)))
    })
}

/// Reads `file`, passes each chunk on to be hashed, and consumes it meanwhile. Returns the size, or the read error.
fn read_and_take<E>(
    file: &mut File,
    limit: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
    to_hasher: &SyncSender<Chunk>,
    free: &Receiver<Arc<Vec<u8>>>,
) -> Result<io::Result<u64>, E> {
    let mut size = 0;
    let most =
        usize::try_from(limit.div_ceil(CHUNK as u64)).map_or(CHUNKS, |most| most.min(CHUNKS));
    let mut buffers: Vec<_> = (0..most).map(|_| Arc::new(vec![0; CHUNK])).collect();
    while size < limit
        && let Some(mut buffer) = buffers.pop().or_else(|| free.recv().ok())
    {
        let space = Arc::get_mut(&mut buffer).expect("a returned buffer has no other owner");
        let room = usize::try_from(limit - size).map_or(CHUNK, |room| room.min(CHUNK));
        let length = match read_full(file, &mut space[..room]) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => return Ok(Err(error)),
        };
        if to_hasher.send((Arc::clone(&buffer), length)).is_err() {
            break;
        }
        take(&buffer[..length])?;
        size += length as u64;
    }
    Ok(Ok(size))
}

/// Hashes every chunk, and returns the buffers.
fn hash_all(
    hasher: &mut ContentHasher,
    chunks: &Receiver<Chunk>,
    to_reader: &SyncSender<Arc<Vec<u8>>>,
) {
    while let Ok((buffer, length)) = chunks.recv() {
        hasher.update(&buffer[..length]);
        // The reader may have finished, and needs no more buffers.
        _ = to_reader.send(buffer);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::{Seek as _, Write as _};

    use artifact_core::DigestAlgorithm;

    use super::*;

    #[test]
    fn what_is_hashed_is_what_is_taken_up_to_the_limit() {
        let content: Vec<u8> = (0..=250).cycle().take(3 * CHUNK + 17).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let length = content.len() as u64;
        for limit in [0, 1, CHUNK as u64, length - 1, length, u64::MAX] {
            file.rewind().unwrap();
            let mut taken = Vec::new();
            let take = |bytes: &[u8]| {
                taken.extend_from_slice(bytes);
                Ok::<_, Infallible>(())
            };
            let hasher = ContentHasher::new(DigestAlgorithm::Md5);
            let Ok(read) = hash_beside(&mut file, limit, hasher, take);
            let (hasher, size) = read.unwrap();
            let expected = &content[..usize::try_from(limit.min(length)).unwrap()];
            assert_eq!(size, expected.len() as u64, "{limit}");
            assert!(taken == expected, "{limit}");
            let digest = ContentHasher::digest(DigestAlgorithm::Md5, expected);
            assert_eq!(hasher.finish(), digest, "{limit}");
        }
    }
}
