//! Shares tasks among threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use artifact_core::DigestAlgorithm;

use super::{HashTask, Job, huge, in_step, small};
use crate::{Progress, parallel};

/// Tasks that threads take from.
pub(super) struct Queue<T> {
    tasks: Mutex<Vec<(usize, T)>>,
    is_stopped: AtomicBool,
}

impl<T> Queue<T> {
    fn new(mut tasks: Vec<(usize, T)>) -> Self {
        // Taken from the end, and yet in the given order, which mostly is the order on disk.
        tasks.reverse();
        Self {
            tasks: Mutex::new(tasks),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// Takes up to `count` tasks; none when all are taken or the run has been stopped.
    pub(super) fn take(&self, count: usize) -> Vec<(usize, T)> {
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

    /// Whether there is nothing more to take.
    pub(super) fn is_empty(&self) -> bool {
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
/// `output` gets what is left of each task with its place in `tasks`, from any thread, in any order.
pub(crate) fn run<T: HashTask>(
    tasks: Vec<T>,
    progress: &dyn Progress,
    output: &(dyn Fn(usize, T::Output) + Sync),
) -> Result<(), T::Error> {
    let (mut md5, mut xxh128) = (Sizes::default(), Sizes::default());
    for (index, task) in tasks.into_iter().enumerate() {
        let sizes = match task.algorithm() {
            DigestAlgorithm::Md5 => &mut md5,
            DigestAlgorithm::Xxh128 => &mut xxh128,
        };
        sizes.push(index, task);
    }
    md5.run(&Job {
        algorithm: DigestAlgorithm::Md5,
        progress,
        output,
    })?;
    xxh128.run(&Job {
        algorithm: DigestAlgorithm::Xxh128,
        progress,
        output,
    })
}

/// Tasks by the way in which they are read.
struct Sizes<T> {
    small: Vec<(usize, T)>,
    large: Vec<(usize, T)>,
    huge: Vec<(usize, T)>,
}

impl<T> Default for Sizes<T> {
    fn default() -> Self {
        Self {
            small: Vec::new(),
            large: Vec::new(),
            huge: Vec::new(),
        }
    }
}

impl<T: HashTask> Sizes<T> {
    fn push(&mut self, index: usize, task: T) {
        let tasks = match task.size_hint() {
            size if size <= small::MAX_BYTES => &mut self.small,
            size if size < huge::MIN_BYTES => &mut self.large,
            _ => &mut self.huge,
        };
        tasks.push((index, task));
    }

    fn run(mut self, job: &Job<'_, T>) -> Result<(), T::Error> {
        let threads = parallel::processors();
        // Enough huge files fill the lanes of all threads, which is faster than two threads for each.
        if 2 * threads <= self.huge.len() {
            self.large.append(&mut self.huge);
        }
        share(self.small, threads, job, small::work)?;
        share(self.large, threads, job, in_step::work)?;
        share(self.huge, threads.div_ceil(2), job, huge::work)
    }
}

/// Lets `threads` threads `work` on one queue.
fn share<T: HashTask>(
    tasks: Vec<(usize, T)>,
    threads: usize,
    job: &Job<'_, T>,
    work: impl Fn(&Queue<T>, &Job<'_, T>) -> Result<(), T::Error> + Sync,
) -> Result<(), T::Error> {
    let threads = threads.min(tasks.len());
    let queue = Queue::new(tasks);
    let until_error = || work(&queue, job).inspect_err(|_| queue.stop());
    if threads <= 1 {
        return until_error();
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(until_error)).collect();
        let results: Vec<_> = workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        results.into_iter().collect()
    })
}
