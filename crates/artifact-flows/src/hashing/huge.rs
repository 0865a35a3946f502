//! A few huge files: one thread hashes, another reads and takes the bytes.

use std::fs::File;

use manifest::ContentHasher;

use super::beside::hash_beside;
use super::pool::Queue;
use super::{HashTask, Job};

/// The shortest file worth two threads.
pub(super) const MIN_BYTES: u64 = 32 << 20;

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
    let take = |bytes: &[u8]| {
        task.take(bytes)?;
        job.progress.advance(0, bytes.len() as u64);
        Ok(())
    };
    let hasher = ContentHasher::new(job.algorithm);
    match hash_beside(&mut file, u64::MAX, hasher, take)? {
        Ok((hasher, size)) => task.finish(file, size, hasher.finish()),
        Err(source) => {
            let error = task.read_failed(source);
            task.give_up(error)
        }
    }
}
