//! Small files: read whole, hashed a batch at a time.

use std::io::Read as _;

use super::digests::digest_each;
use super::pool::Queue;
use super::{HashTask, Job};

/// The longest file that is read whole.
pub(super) const MAX_BYTES: u64 = 64 << 10;

/// How many files a thread reads before it hashes them; twice what the widest kernel takes side by side.
const BATCH: usize = 32;

/// How many bytes a batch may hold, so that it stays in the cache of the core.
const BATCH_BYTES: usize = 512 << 10;

pub(super) fn work<T: HashTask>(queue: &Queue<T>, job: &Job<'_, T>) -> Result<(), T::Error> {
    let mut bytes = Vec::with_capacity(BATCH_BYTES + BATCH);
    loop {
        let tasks = queue.take(BATCH);
        if tasks.is_empty() {
            return Ok(());
        }
        let mut batch = Vec::with_capacity(tasks.len());
        for (index, mut task) in tasks {
            let start = bytes.len();
            // A file may have grown since; whoever finishes it will find out.
            let read = task
                .open(true)
                .and_then(|mut file| match file.read_to_end(&mut bytes) {
                    Ok(_) => Ok(file),
                    Err(source) => Err(task.read_failed(source)),
                });
            match read {
                Ok(file) => batch.push((index, task, file, start..bytes.len())),
                Err(error) => job.done(index, task.give_up(error)?),
            }
            if BATCH_BYTES < bytes.len() {
                finish(&mut batch, &mut bytes, job)?;
            }
        }
        finish(&mut batch, &mut bytes, job)?;
    }
}

/// One file of a batch: its place in the input, its task, the open file, and where its bytes lie.
type Read<T> = (usize, T, std::fs::File, std::ops::Range<usize>);

fn finish<T: HashTask>(
    batch: &mut Vec<Read<T>>,
    bytes: &mut Vec<u8>,
    job: &Job<'_, T>,
) -> Result<(), T::Error> {
    let contents: Vec<&[u8]> = batch
        .iter()
        .map(|(.., range)| &bytes[range.clone()])
        .collect();
    let digests = digest_each(job.algorithm, &contents);
    for ((index, task, file, range), digest) in batch.drain(..).zip(digests) {
        let content = &bytes[range];
        job.progress.advance(0, content.len() as u64);
        job.done(index, task.take_whole(file, content, digest)?);
    }
    bytes.clear();
    Ok(())
}
