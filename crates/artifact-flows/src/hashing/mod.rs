//! Reads and hashes many files on all cores, and passes their bytes on in the same pass.
//!
//! All use cases share it: saving (bytes are ingested by a local store), comparing and verifying (bytes are dropped),
//! and downloading (bytes are written to the target folder). The strategy depends on size:
//!
//! * small files are read whole, a batch at a time, and hashed in SIMD lanes;
//! * larger files advance in lockstep, a chunk of each at a time, in SIMD lanes, too;
//! * a few huge files would leave lanes empty: one thread hashes while another reads and passes the bytes on.

mod compare;
mod pipelined;
mod strategies;

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use artifact_core::{ContentDigest, DigestAlgorithm};

use crate::{Progress, parallel};
pub(crate) use compare::{FileToCheck, digests};
pub(crate) use pipelined::hash_beside;

/// A file to read and hash, and the consumer of its bytes.
pub(crate) trait HashTask: Send {
    /// Result of the task.
    type Output: Send;
    /// Error of the task.
    type Error: Send;

    /// Returns the hash function to use.
    fn algorithm(&self) -> DigestAlgorithm;

    /// Returns the approximate length in bytes, which selects the strategy.
    fn size_hint(&self) -> u64;

    /// Opens the file. With `is_whole`, [`take_whole`](Self::take_whole) follows, otherwise [`take`](Self::take) and
    /// [`finish`](Self::finish).
    fn open(&mut self, is_whole: bool) -> Result<File, Self::Error>;

    /// Consumes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Finishes the file: all bytes were consumed, and this is their digest.
    fn finish(
        self,
        file: File,
        size: u64,
        digest: ContentDigest,
    ) -> Result<Self::Output, Self::Error>;

    /// Consumes all bytes at once and finishes the file; for small files.
    fn take_whole(
        self,
        file: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<Self::Output, Self::Error>;

    /// Converts a read error.
    fn read_failed(&self, source: std::io::Error) -> Self::Error;

    /// Finishes a file that could not be opened or read; an `Err` ends the whole run.
    fn give_up(self, error: Self::Error) -> Result<Self::Output, Self::Error>
    where
        Self: Sized,
    {
        Err(error)
    }
}

/// Shared state of a run over tasks of one algorithm.
struct Run<'a, T: HashTask> {
    algorithm: DigestAlgorithm,
    progress: &'a dyn Progress,
    /// Receives the result of each task, with its index in the input.
    output: &'a (dyn Fn(usize, T::Output) + Sync),
}

impl<T: HashTask> Run<'_, T> {
    /// Reports the result of a task.
    fn done(&self, index: usize, output: T::Output) {
        (self.output)(index, output);
        self.progress.advance(1, 0);
    }
}

/// Queue of tasks shared by threads.
struct Queue<T> {
    tasks: Mutex<Vec<(usize, T)>>,
    is_stopped: AtomicBool,
}

impl<T> Queue<T> {
    fn new(mut tasks: Vec<(usize, T)>) -> Self {
        // Popped from the end, yet in the given order, which is mostly the order on disk.
        tasks.reverse();
        Self {
            tasks: Mutex::new(tasks),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// Takes up to `count` tasks; none when all are taken or the run is stopped.
    fn take(&self, count: usize) -> Vec<(usize, T)> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut tasks = self
            .tasks
            .lock()
            .expect("no thread panics while it holds the queue");
        let rest = tasks.len().saturating_sub(count);
        let mut taken = tasks.split_off(rest);
        taken.reverse();
        taken
    }

    /// Whether no task is left.
    fn is_empty(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
            || self
                .tasks
                .lock()
                .expect("no thread panics while it holds the queue")
                .is_empty()
    }

    fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// Runs `tasks` on all cores; the first error stops the rest.
///
/// `output` receives each result with its index in `tasks`, from any thread, in any order.
pub(crate) fn run<T: HashTask>(
    tasks: Vec<T>,
    progress: &dyn Progress,
    output: &(dyn Fn(usize, T::Output) + Sync),
) -> Result<(), T::Error> {
    let mut by_algorithm =
        DigestAlgorithm::ALL.map(|algorithm| (algorithm, TasksBySize::default()));
    for (index, task) in tasks.into_iter().enumerate() {
        let wanted = task.algorithm();
        let found = by_algorithm.iter_mut().find(|(known, _)| *known == wanted);
        let (_, sizes) = found.expect("ALL has every algorithm");
        sizes.push(index, task);
    }
    for (algorithm, sizes) in by_algorithm {
        sizes.run(&Run {
            algorithm,
            progress,
            output,
        })?;
    }
    Ok(())
}

/// Tasks by strategy.
struct TasksBySize<T> {
    small: Vec<(usize, T)>,
    large: Vec<(usize, T)>,
    huge: Vec<(usize, T)>,
}

impl<T> Default for TasksBySize<T> {
    fn default() -> Self {
        Self {
            small: Vec::new(),
            large: Vec::new(),
            huge: Vec::new(),
        }
    }
}

impl<T: HashTask> TasksBySize<T> {
    fn push(&mut self, index: usize, task: T) {
        let tasks = match task.size_hint() {
            size if size <= strategies::SMALL_MAX_BYTES => &mut self.small,
            size if size < strategies::HUGE_MIN_BYTES => &mut self.large,
            _ => &mut self.huge,
        };
        tasks.push((index, task));
    }

    fn run(mut self, context: &Run<'_, T>) -> Result<(), T::Error> {
        let threads = parallel::processors();
        // Enough huge files fill the lanes of all threads, which is faster than two threads for each.
        if 2 * threads <= self.huge.len() {
            self.large.append(&mut self.huge);
        }
        run_on_threads(self.small, threads, context, strategies::hash_small)?;
        run_on_threads(self.large, threads, context, strategies::hash_in_step)?;
        run_on_threads(
            self.huge,
            threads.div_ceil(2),
            context,
            strategies::hash_huge,
        )
    }
}

/// Runs `work` on one queue from several threads.
fn run_on_threads<T: HashTask>(
    tasks: Vec<(usize, T)>,
    threads: usize,
    context: &Run<'_, T>,
    work: impl Fn(&Queue<T>, &Run<'_, T>) -> Result<(), T::Error> + Sync,
) -> Result<(), T::Error> {
    let threads = threads.min(tasks.len());
    let queue = Queue::new(tasks);
    let until_error = || work(&queue, context).inspect_err(|_| queue.stop());
    let results = parallel::on_threads(threads, until_error);
    results.into_iter().collect()
}
