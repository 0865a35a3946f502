//! The three strategies for reading and hashing files, by size.

use std::fs::File;
use std::io::Read as _;

use manifest::{ContentHasher, LaneHashers};

use super::{HashTask, Queue, Run, hash_beside};

/// Bytes read of each file at a time; the chunks of all lanes together fit the CPU cache.
const STEP_BYTES: usize = 64 << 10;

/// A file being hashed.
struct Slot<T> {
    index: usize,
    task: T,
    file: File,
    chunk: Vec<u8>,
    size: u64,
    state: State,
}

enum State {
    Reading,
    AtEnd,
    Failed(std::io::Error),
}

pub(super) fn hash_in_step<T: HashTask>(
    queue: &Queue<T>,
    context: &Run<'_, T>,
) -> Result<(), T::Error> {
    let mut hashers = LaneHashers::new(context.algorithm);
    let mut slots: Vec<Slot<T>> = Vec::new();
    loop {
        for (index, mut task) in queue.take(md5_lanes::lanes().saturating_sub(slots.len())) {
            match task.open(false) {
                Ok(file) => {
                    hashers.push();
                    slots.push(Slot {
                        index,
                        task,
                        file,
                        chunk: vec![0; STEP_BYTES],
                        size: 0,
                        state: State::Reading,
                    });
                }
                Err(error) => context.done(index, task.give_up(error)?),
            }
        }
        if slots.is_empty() && queue.is_empty() {
            return Ok(());
        }
        step(&mut slots, &mut hashers, context)?;
        // From the end, because `swap_remove` moves the last one.
        for place in (0..slots.len()).rev() {
            if matches!(slots[place].state, State::Reading) {
                continue;
            }
            let slot = slots.swap_remove(place);
            let digest = hashers.swap_finish(place);
            let output = match slot.state {
                State::Failed(source) => {
                    let error = slot.task.read_failed(source);
                    slot.task.give_up(error)?
                }
                _ => slot.task.finish(slot.file, slot.size, digest)?,
            };
            context.done(slot.index, output);
        }
    }
}

/// Reads one chunk of every file, hashes them together, and passes them on.
fn step<T: HashTask>(
    slots: &mut [Slot<T>],
    hashers: &mut LaneHashers,
    context: &Run<'_, T>,
) -> Result<(), T::Error> {
    let mut lengths = Vec::with_capacity(slots.len());
    for slot in &mut *slots {
        let length = read_full(&mut slot.file, &mut slot.chunk).unwrap_or_else(|error| {
            slot.state = State::Failed(error);
            0
        });
        if length < STEP_BYTES && matches!(slot.state, State::Reading) {
            slot.state = State::AtEnd;
        }
        slot.size += length as u64;
        lengths.push(length);
    }
    let chunks: Vec<&[u8]> = slots
        .iter()
        .zip(&lengths)
        .map(|(slot, length)| &slot.chunk[..*length])
        .collect();
    hashers.update(&chunks);
    for (slot, length) in slots.iter_mut().zip(lengths) {
        slot.task.take(&slot.chunk[..length])?;
        context.progress.advance(0, length as u64);
    }
    Ok(())
}

/// Reads until `buffer` is full or the file ends.
pub(super) fn read_full(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Largest file that is read whole.
pub(super) const SMALL_MAX_BYTES: u64 = 64 << 10;

/// Files a thread reads before it hashes them: twice the number of lanes of the widest kernel.
const BATCH: usize = 32;

/// Maximum bytes per batch, so that it fits the CPU cache.
const BATCH_BYTES: usize = 512 << 10;

pub(super) fn hash_small<T: HashTask>(
    queue: &Queue<T>,
    context: &Run<'_, T>,
) -> Result<(), T::Error> {
    let mut bytes = Vec::with_capacity(BATCH_BYTES + BATCH);
    loop {
        let tasks = queue.take(BATCH);
        if tasks.is_empty() {
            return Ok(());
        }
        let mut batch = Vec::with_capacity(tasks.len());
        for (index, mut task) in tasks {
            let start = bytes.len();
            // A file may have grown since; the task checks its size at the end.
            let read = task
                .open(true)
                .and_then(|mut file| match file.read_to_end(&mut bytes) {
                    Ok(_) => Ok(file),
                    Err(source) => Err(task.read_failed(source)),
                });
            match read {
                Ok(file) => batch.push((index, task, file, start..bytes.len())),
                Err(error) => context.done(index, task.give_up(error)?),
            }
            if BATCH_BYTES < bytes.len() {
                finish_batch(&mut batch, &mut bytes, context)?;
            }
        }
        finish_batch(&mut batch, &mut bytes, context)?;
    }
}

/// A file of a batch: its index in the input, its task, its handle, and the range of its bytes.
type Read<T> = (usize, T, std::fs::File, std::ops::Range<usize>);

fn finish_batch<T: HashTask>(
    batch: &mut Vec<Read<T>>,
    bytes: &mut Vec<u8>,
    context: &Run<'_, T>,
) -> Result<(), T::Error> {
    let contents: Vec<&[u8]> = batch
        .iter()
        .map(|(.., range)| &bytes[range.clone()])
        .collect();
    let digests = ContentHasher::digest_each(context.algorithm, &contents);
    for ((index, task, file, range), digest) in batch.drain(..).zip(digests) {
        let read = &bytes[range];
        context.progress.advance(0, read.len() as u64);
        context.done(index, task.take_whole(file, read, digest)?);
    }
    bytes.clear();
    Ok(())
}

/// Smallest file worth two threads.
pub(super) const HUGE_MIN_BYTES: u64 = 32 << 20;

pub(super) fn hash_huge<T: HashTask>(
    queue: &Queue<T>,
    context: &Run<'_, T>,
) -> Result<(), T::Error> {
    while let Some((index, mut task)) = queue.take(1).pop() {
        let output = match task.open(false) {
            Ok(file) => hash_one(file, task, context)?,
            Err(error) => task.give_up(error)?,
        };
        context.done(index, output);
    }
    Ok(())
}

fn hash_one<T: HashTask>(
    mut file: File,
    mut task: T,
    context: &Run<'_, T>,
) -> Result<T::Output, T::Error> {
    let take = |bytes: &[u8]| {
        task.take(bytes)?;
        context.progress.advance(0, bytes.len() as u64);
        Ok(())
    };
    let hasher = ContentHasher::new(context.algorithm);
    match hash_beside(&mut file, u64::MAX, hasher, take)? {
        Ok((hasher, size)) => task.finish(file, size, hasher.finish()),
        Err(source) => {
            let error = task.read_failed(source);
            task.give_up(error)
        }
    }
}
