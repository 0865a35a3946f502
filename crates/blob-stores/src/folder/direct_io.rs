//! Writes a large file past the page cache.
//!
//! A large blob is written once and may not be read for long. Through the page cache its bytes would be copied twice,
//! push out what others need there, and still have to be flushed; straight to the disk none of that happens. A thread
//! of its own waits for the disk, so that whoever appends can hash the next bytes meanwhile.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// The shortest source that is worth it, in bytes.
pub(super) const MIN_BYTES: u64 = 32 << 20;

/// The alignment that every disk accepts: addresses, lengths and file offsets are multiples of it.
const BLOCK: usize = 4096;

/// The bytes of one write.
const BUFFER: usize = 512 << 10;

/// The number of buffers: one is filled, one is written, one waits.
const BUFFERS: usize = 3;

/// The maximum of files that a process writes this way at once: each holds its buffers and a thread, and no disk is faster for more.
const MOST_AT_ONCE: usize = 8;

/// A file that is written in whole blocks, straight to the disk.
#[derive(Debug)]
pub(super) struct DirectFile {
    buffer: Buffer,
    writer: Writer,
    length: u64,
    _turn: Turn,
}

impl DirectFile {
    /// Returns a writer to the new `file`, which nobody else may write to; `None` where its file system cannot write
    /// past the cache, or where enough files are written so already.
    pub(super) fn new(file: &File) -> Option<Self> {
        let turn = Turn::take()?;
        let file = file.try_clone().ok()?;
        bypass_cache(&file).ok()?;
        Some(Self {
            buffer: Buffer::new()?,
            writer: Writer::start(file)?,
            length: 0,
            _turn: turn,
        })
    }

    pub(super) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.buffer.fill(bytes);
            bytes = &bytes[count..];
            self.length += count as u64;
            if self.buffer.filled == BUFFER {
                self.writer.write(&mut self.buffer)?;
            }
        }
        Ok(())
    }

    /// Writes what is left. The last block is cut to its length.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.buffer.fill_block();
        self.writer.write(&mut self.buffer)?;
        self.writer.end()?.set_len(self.length)
    }
}

/// One of the [`MOST_AT_ONCE`].
#[derive(Debug)]
struct Turn;

static TURNS_TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Turn {
    fn take() -> Option<Self> {
        let one_more = |taken| (taken < MOST_AT_ONCE).then_some(taken + 1);
        let taken = TURNS_TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURNS_TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Memory that lies on a block's boundary.
#[derive(Debug)]
struct Buffer {
    /// Longer than [`BUFFER`], so that a part of it lies on the boundary.
    memory: Vec<u8>,
    start: usize,
    filled: usize,
}

impl Buffer {
    fn new() -> Option<Self> {
        let memory = vec![0; BUFFER + BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK);
        (start <= BLOCK).then_some(Self {
            memory,
            start,
            filled: 0,
        })
    }

    /// Takes as many of `bytes` as there is space for, and returns their number.
    fn fill(&mut self, bytes: &[u8]) -> usize {
        let space = &mut self.memory[self.start + self.filled..self.start + BUFFER];
        let count = space.len().min(bytes.len());
        space[..count].copy_from_slice(&bytes[..count]);
        self.filled += count;
        count
    }

    /// Fills the last block with zeros.
    fn fill_block(&mut self) {
        let end = self.filled.next_multiple_of(BLOCK);
        self.memory[self.start + self.filled..self.start + end].fill(0);
        self.filled = end;
    }

    fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.filled]
    }
}

/// The thread that writes.
#[derive(Debug)]
struct Writer {
    /// Buffers to write; `None` once there are no more.
    to_write: Option<SyncSender<Buffer>>,
    written: Receiver<Buffer>,
    /// Gives the file back; `None` once that was waited for.
    thread: Option<JoinHandle<io::Result<File>>>,
}

impl Writer {
    fn start(mut file: File) -> Option<Self> {
        let (to_write, buffers) = sync_channel::<Buffer>(BUFFERS);
        let (give_back, written) = sync_channel(BUFFERS);
        for _ in 1..BUFFERS {
            give_back.send(Buffer::new()?).ok()?;
        }
        let thread = std::thread::Builder::new().spawn(move || {
            while let Ok(mut buffer) = buffers.recv() {
                file.write_all(buffer.bytes())?;
                buffer.filled = 0;
                // Nobody needs it once all is written.
                _ = give_back.send(buffer);
            }
            Ok(file)
        });
        Some(Self {
            to_write: Some(to_write),
            written,
            thread: Some(thread.ok()?),
        })
    }

    /// Has `buffer` written, and puts an empty one in its place.
    fn write(&mut self, buffer: &mut Buffer) -> io::Result<()> {
        if let (Some(to_write), Ok(empty)) = (&self.to_write, self.written.recv())
            && to_write.send(std::mem::replace(buffer, empty)).is_ok()
        {
            return Ok(());
        }
        Err(self.end().err().unwrap_or_else(has_ended))
    }

    /// Waits until all is written, and returns the file.
    fn end(&mut self) -> io::Result<File> {
        self.to_write = None;
        let thread = self.thread.take().ok_or_else(has_ended)?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn has_ended() -> io::Error {
    io::Error::other("the thread that writes has ended before")
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever gives up a file may count on nobody writing to it any more.
        self.to_write = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Makes writes to `file` go past the page cache.
#[cfg(target_os = "linux")]
fn bypass_cache(file: &File) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    Ok(fcntl_setfl(file, fcntl_getfl(file)? | OFlags::DIRECT)?)
}

#[cfg(not(target_os = "linux"))]
fn bypass_cache(_file: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_an_error() -> io::Result<()> {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR"))?;
        let path = folder.path().join("file");
        File::create(&path)?;
        let read_only = File::open(&path)?;
        let Some(mut file) = DirectFile::new(&read_only) else {
            return Ok(());
        };
        let piece = vec![0; BUFFER];
        let appended = (0..=2 * BUFFERS).try_for_each(|_| file.append(&piece));
        assert!(appended.is_err());
        assert!(file.finish().is_err());
        Ok(())
    }

    #[test]
    fn any_length_in_any_pieces_arrives_as_it_was() -> io::Result<()> {
        // On the disk of the build, because a file system in memory may not write past the cache.
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR"))?;
        for (length, piece) in [
            (0, 1),
            (1, 1),
            (BLOCK, 7),
            (BLOCK + 1, 4096),
            (BUFFER, BUFFER),
            (2 * BUFFERS * BUFFER + 5, 1_000_003),
        ] {
            let path = folder.path().join(length.to_string());
            let bytes: Vec<u8> = (0..length)
                .map(|place| u8::try_from(place % 251).unwrap_or_default())
                .collect();
            let Some(mut file) = DirectFile::new(&File::create(&path)?) else {
                return Ok(());
            };
            for piece in bytes.chunks(piece) {
                file.append(piece)?;
            }
            file.finish()?;
            assert_eq!(
                std::fs::read(&path)?,
                bytes,
                "{length} bytes in pieces of {piece}"
            );
        }
        Ok(())
    }
}
