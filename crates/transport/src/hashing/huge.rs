//! A few huge files: one thread reads and hashes, another takes the bytes.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use artifact_core::ContentDigest;

use super::digests::Hashers;
use super::in_step::read_full;
use super::pool::Queue;
use super::{HashTask, Job};

/// The shortest file worth two threads.
pub(super) const MIN_BYTES: u64 = 32 << 20;

/// How much is read at a time.
const CHUNK: usize = 1 << 20;

/// How many chunks may be on their way; more would only take memory.
const CHUNKS: usize = 6;

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

fn hash<T: HashTask>(file: File, task: T, job: &Job<'_, T>) -> Result<T::Output, T::Error> {
    std::thread::scope(|scope| {
        let (to_taker, chunks) = sync_channel(CHUNKS);
        let (to_reader, free) = sync_channel(CHUNKS);
        let taker = scope.spawn(move || take_all(task, &chunks, &to_reader));
        let read = read_and_hash(file, &to_taker, &free, job);
        drop(to_taker);
        let task = taker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        match read {
            Ok((file, size, digest)) => task.finish(file, size, digest),
            Err(source) => {
                let error = task.read_failed(source);
                task.give_up(error)
            }
        }
    })
}

/// Reads and hashes `file`, and passes each chunk on; ends early when nobody takes chunks any more.
fn read_and_hash<T: HashTask>(
    mut file: File,
    to_taker: &SyncSender<Chunk>,
    free: &Receiver<Arc<Vec<u8>>>,
    job: &Job<'_, T>,
) -> std::io::Result<(File, u64, ContentDigest)> {
    let mut hashers = Hashers::new(job.algorithm);
    hashers.push();
    let mut size = 0;
    let mut buffers: Vec<_> = (0..CHUNKS).map(|_| Arc::new(vec![0; CHUNK])).collect();
    while let Some(mut buffer) = buffers.pop().or_else(|| free.recv().ok()) {
        let Some(space) = Arc::get_mut(&mut buffer) else {
            continue;
        };
        let length = read_full(&mut file, space)?;
        if length == 0 || to_taker.send((Arc::clone(&buffer), length)).is_err() {
            break;
        }
        hashers.update(&[&buffer[..length]]);
        size += length as u64;
        job.progress.advance(0, length as u64);
    }
    Ok((file, size, hashers.swap_finish(0)))
}

/// Takes every chunk, and gives the buffers back.
fn take_all<T: HashTask>(
    mut task: T,
    chunks: &Receiver<Chunk>,
    to_reader: &SyncSender<Arc<Vec<u8>>>,
) -> Result<T, T::Error> {
    while let Ok((buffer, length)) = chunks.recv() {
        task.take(&buffer[..length])?;
        // The reader may be done already; then nobody needs the buffer.
        _ = to_reader.send(buffer);
    }
    Ok(task)
}
