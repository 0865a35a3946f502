//! A few huge files: one thread hashes, another reads and takes the bytes.
//!
//! One MD5 is serial, and nothing takes longer; so its thread does nothing else.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use artifact_core::{ContentDigest, DigestAlgorithm};

use super::digests::Hashers;
use super::in_step::read_full;
use super::pool::Queue;
use super::{HashTask, Job};

/// The shortest file worth two threads.
pub(super) const MIN_BYTES: u64 = 32 << 20;

/// How much is read at a time; it stays in the cache of the core that reads until it is taken.
const CHUNK: usize = 256 << 10;

/// How many chunks may be on their way, so that a disk that is slow for a moment stops nobody.
const CHUNKS: usize = 32;

/// Part of a file: the buffer, and how much of it is filled.
type Chunk = (Arc<Vec<u8>>, usize);

pub(super) fn work<T: HashTask>(queue: &Queue<T>, job: &Job<'_, T>) -> Result<(), T::Error> {
    while let Some((index, mut task)) = queue.take(1).pop() {
        let output = match task.open(false) {
            Ok(file) => hash(file, task, job)?,
            Err(error) => task.give_up(error)?,
        };
        job.done(index, output);
    }
    Ok(())
}

fn hash<T: HashTask>(mut file: File, mut task: T, job: &Job<'_, T>) -> Result<T::Output, T::Error> {
    let (to_hasher, chunks) = sync_channel(CHUNKS);
    let (to_reader, free) = sync_channel(CHUNKS);
    let (read, digest) = std::thread::scope(|scope| {
        let hasher = scope.spawn(move || hash_all(job.algorithm, &chunks, &to_reader));
        let read = read_and_take(&mut file, &mut task, &to_hasher, &free, job);
        drop(to_hasher);
        let digest = hasher
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (read, digest)
    });
    match read? {
        Ok(size) => task.finish(file, size, digest),
        Err(source) => {
            let error = task.read_failed(source);
            task.give_up(error)
        }
    }
}

/// Reads `file`, passes each chunk on to be hashed, and takes it meanwhile. Returns the size, or why it cannot be read.
fn read_and_take<T: HashTask>(
    file: &mut File,
    task: &mut T,
    to_hasher: &SyncSender<Chunk>,
    free: &Receiver<Arc<Vec<u8>>>,
    job: &Job<'_, T>,
) -> Result<std::io::Result<u64>, T::Error> {
    let mut size = 0;
    let mut buffers: Vec<_> = (0..CHUNKS).map(|_| Arc::new(vec![0; CHUNK])).collect();
    while let Some(mut buffer) = buffers.pop().or_else(|| free.recv().ok()) {
        let space = Arc::get_mut(&mut buffer).expect("what was hashed and taken is nobody else's");
        let length = match read_full(file, space) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) => return Ok(Err(error)),
        };
        if to_hasher.send((Arc::clone(&buffer), length)).is_err() {
            break;
        }
        task.take(&buffer[..length])?;
        size += length as u64;
        job.progress.advance(0, length as u64);
    }
    Ok(Ok(size))
}

/// Hashes every chunk, and gives the buffers back.
fn hash_all(
    algorithm: DigestAlgorithm,
    chunks: &Receiver<Chunk>,
    to_reader: &SyncSender<Arc<Vec<u8>>>,
) -> ContentDigest {
    let mut hashers = Hashers::new(algorithm);
    hashers.push();
    while let Ok((buffer, length)) = chunks.recv() {
        hashers.update(&[&buffer[..length]]);
        // The reader may be done already; then nobody needs the buffer.
        _ = to_reader.send(buffer);
    }
    hashers.swap_finish(0)
}
