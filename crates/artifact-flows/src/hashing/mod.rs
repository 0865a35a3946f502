//! Reads many files, hashes them on all cores, and hands the bytes on while they are at hand.
//!
//! One engine serves every flow: saving (the bytes go to the registry's store), comparing and verifying (they go
//! nowhere) and downloading (they go to the caller's folder). Three ways, by size:
//!
//! * small files are read whole, a batch at a time, and hashed side by side in SIMD lanes;
//! * larger ones are read in step, a chunk of each at a time, and hashed side by side too;
//! * when only a few huge ones are there, lanes would stay empty: one thread hashes, another reads and takes the bytes.

mod beside;
mod digests;
mod huge;
mod in_step;
mod pool;
mod small;

use std::fs::File;

use artifact_core::{ContentDigest, DigestAlgorithm};

use crate::Progress;
pub(crate) use beside::hash_beside;
pub(crate) use digests::{digest, digest_each};
pub(crate) use pool::run;

/// A file to read and hash, and what becomes of its bytes.
pub(crate) trait HashTask: Send {
    /// What is left when all is done.
    type Output: Send;
    /// Why it could not be done.
    type Error: Send;

    /// Returns the hash function to use.
    fn algorithm(&self) -> DigestAlgorithm;

    /// Returns about how long the file is, in bytes; decides how it is read.
    fn size_hint(&self) -> u64;

    /// Opens the file. `is_whole` says that [`take_whole`](Self::take_whole) will end it, else
    /// [`take`](Self::take) and [`finish`](Self::finish) will.
    fn open(&mut self, is_whole: bool) -> Result<File, Self::Error>;

    /// Takes the next bytes of the file.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Ends the file: all its bytes were taken, and this is their digest.
    fn finish(
        self,
        file: File,
        size: u64,
        digest: ContentDigest,
    ) -> Result<Self::Output, Self::Error>;

    /// Takes all bytes at once and ends the file; for small files.
    fn take_whole(
        self,
        file: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<Self::Output, Self::Error>;

    /// Returns the error for a read that failed.
    fn read_failed(&self, source: std::io::Error) -> Self::Error;

    /// Ends a file that could not be opened or read to its end; an `Err` ends the whole run.
    fn give_up(self, error: Self::Error) -> Result<Self::Output, Self::Error>
    where
        Self: Sized,
    {
        Err(error)
    }
}

/// What one run works with.
struct Job<'a, T: HashTask> {
    algorithm: DigestAlgorithm,
    progress: &'a dyn Progress,
    /// Takes what is left of each task, with its place in the input.
    output: &'a (dyn Fn(usize, T::Output) + Sync),
}

impl<T: HashTask> Job<'_, T> {
    /// Hands on what is left of a task.
    fn done(&self, index: usize, output: T::Output) {
        (self.output)(index, output);
        self.progress.advance(1, 0);
    }
}
