//! Writes a large file past the page cache.
//!
//! A large blob is written once and may not be read for long. Through the page cache its bytes would be copied twice,
//! push out what others need there, and still have to be flushed; straight to the disk none of that happens, and the
//! disk works while the next bytes are hashed.

use std::fs::File;
use std::io::{self, Write as _};

/// The shortest source that is worth it, in bytes.
pub(super) const MIN_BYTES: u64 = 32 << 20;

/// What every disk takes: addresses, lengths and places in the file are multiples of this.
const BLOCK: usize = 4096;

/// How much is written at a time.
const BUFFER: usize = 1 << 20;

/// A file that is written in whole blocks, straight to the disk.
#[derive(Debug)]
pub(super) struct DirectFile {
    file: File,
    /// Longer than [`BUFFER`], so that a part of it lies on a block's boundary.
    memory: Vec<u8>,
    start: usize,
    filled: usize,
    length: u64,
}

impl DirectFile {
    /// Returns a writer to the new `file`, which nobody else may write to; `None` where its file system cannot write
    /// past the cache.
    pub(super) fn new(file: &File) -> Option<Self> {
        let file = file.try_clone().ok()?;
        bypass_cache(&file).ok()?;
        let memory = vec![0; BUFFER + BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK);
        (start <= BLOCK).then_some(Self {
            file,
            memory,
            start,
            filled: 0,
            length: 0,
        })
    }

    pub(super) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let space = &mut self.memory[self.start + self.filled..self.start + BUFFER];
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
            if self.filled == BUFFER {
                self.write_blocks(BUFFER)?;
            }
        }
        Ok(())
    }

    /// Writes what is left. The last block is cut to its length.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let length = self.length + self.filled as u64;
        let end = self.filled.next_multiple_of(BLOCK);
        self.memory[self.start + self.filled..self.start + end].fill(0);
        self.write_blocks(end)?;
        self.file.set_len(length)
    }

    fn write_blocks(&mut self, count: usize) -> io::Result<()> {
        self.file
            .write_all(&self.memory[self.start..self.start + count])?;
        self.length += self.filled as u64;
        self.filled = 0;
        Ok(())
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
    fn any_length_in_any_pieces_arrives_as_it_was() -> io::Result<()> {
        // On the disk of the build, because a file system in memory may not write past the cache.
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR"))?;
        for (length, piece) in [
            (0, 1),
            (1, 1),
            (BLOCK, 7),
            (BLOCK + 1, 4096),
            (BUFFER, BUFFER),
            (3 * BUFFER + 5, 1_000_003),
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
