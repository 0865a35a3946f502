//! Larger files: several at a time, a chunk of each in step.

use std::fs::File;
use std::io::Read as _;

use super::digests::Hashers;
use super::pool::Queue;
use super::{HashTask, Job};

/// How much of each file is read at a time; all of it together stays in the cache.
const CHUNK: usize = 64 << 10;

/// A file on its way.
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

pub(super) fn work<T: HashTask>(queue: &Queue<T>, job: &Job<'_, T>) -> Result<(), T::Error> {
    let mut hashers = Hashers::new(job.algorithm);
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
                        chunk: vec![0; CHUNK],
                        size: 0,
                        state: State::Reading,
                    });
                }
                Err(error) => job.done(index, task.give_up(error)?),
            }
        }
        if slots.is_empty() && queue.is_empty() {
            return Ok(());
        }
        step(&mut slots, &mut hashers, job)?;
        // From the end, because each that goes is replaced by the last.
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
            job.done(slot.index, output);
        }
    }
}

/// Reads one chunk of every file, hashes them together, and hands them on.
fn step<T: HashTask>(
    slots: &mut [Slot<T>],
    hashers: &mut Hashers,
    job: &Job<'_, T>,
) -> Result<(), T::Error> {
    let mut lengths = Vec::with_capacity(slots.len());
    for slot in &mut *slots {
        let length = read_full(&mut slot.file, &mut slot.chunk).unwrap_or_else(|error| {
            slot.state = State::Failed(error);
            0
        });
        if length < CHUNK && matches!(slot.state, State::Reading) {
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
        job.progress.advance(0, length as u64);
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
