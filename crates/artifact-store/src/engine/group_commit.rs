//! Group commit: concurrent writers share one transaction and one flush.
//!
//! A commit is expensive because it waits for the disk, hardly because of its size. So work that arrives while a commit
//! is in progress is collected, and the next commit is for all of it. Work that arrives alone is committed at once.

use std::fmt;
use std::mem;
use std::slice;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Collects work `W` of many threads; each gets its own `Result<R, E>`.
pub(super) struct GroupCommit<W, R, E> {
    queue: Mutex<Queue<W, R, E>>,
}

struct Queue<W, R, E> {
    waiting: Vec<Waiter<W, R, E>>,
    /// Whether a thread leads, or was signalled to.
    is_led: bool,
}

struct Waiter<W, R, E> {
    work: W,
    slot: Arc<Slot<R, E>>,
}

/// The slot in which a thread waits for the result of its work.
struct Slot<R, E> {
    signal: Mutex<Signal<R, E>>,
    changed: Condvar,
}

enum Signal<R, E> {
    None,
    /// The leader has stopped: the thread that waits here leads.
    Lead,
    /// `None` where the leader has panicked.
    Answer(Option<Result<R, E>>),
}

impl<W, R, E> GroupCommit<W, R, E> {
    /// Runs `work` through `together`, along with that of other threads; returns its result, or `None` if another
    /// thread ran it and panicked.
    ///
    /// `together` returns the results in order, or fails as a whole and has done nothing. Then it is called again for
    /// each work by itself, so that only work that fails alone fails.
    pub(super) fn run(
        &self,
        work: W,
        together: impl Fn(&[W]) -> Result<Vec<Result<R, E>>, E>,
    ) -> Option<Result<R, E>> {
        let slot = Arc::new(Slot::default());
        let waiter = Waiter {
            work,
            slot: Arc::clone(&slot),
        };
        let mut queue = self.queue();
        queue.waiting.push(waiter);
        if mem::replace(&mut queue.is_led, true) {
            drop(queue);
            if let Signal::Answer(answer) = slot.wait() {
                return answer;
            }
            queue = self.queue();
        }
        let (works, slots): (Vec<_>, Vec<_>) = mem::take(&mut queue.waiting)
            .into_iter()
            .map(|waiter| (waiter.work, waiter.slot))
            .unzip();
        drop(queue);
        let led = LeaderTurn { group: self, slots };
        led.answer(run_group(&works, together));
        drop(led);
        match slot.wait() {
            Signal::Answer(answer) => answer,
            Signal::None | Signal::Lead => None,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue<W, R, E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs works together, or each by itself where they fail together.
fn run_group<W, R, E>(
    works: &[W],
    together: impl Fn(&[W]) -> Result<Vec<Result<R, E>>, E>,
) -> Vec<Result<R, E>> {
    match together(works) {
        Ok(answers) => answers,
        Err(error) if works.len() == 1 => vec![Err(error)],
        Err(_) => works
            .iter()
            .flat_map(|work| match together(slice::from_ref(work)) {
                Ok(answers) => answers,
                Err(error) => vec![Err(error)],
            })
            .collect(),
    }
}

/// A turn as the leader. However it ends, no thread waits for it afterwards.
struct LeaderTurn<'g, W, R, E> {
    group: &'g GroupCommit<W, R, E>,
    slots: Vec<Arc<Slot<R, E>>>,
}

impl<W, R, E> LeaderTurn<'_, W, R, E> {
    fn answer(&self, answers: Vec<Result<R, E>>) {
        for (slot, answer) in self.slots.iter().zip(answers) {
            slot.notify(Signal::Answer(Some(answer)));
        }
    }
}

impl<W, R, E> Drop for LeaderTurn<'_, W, R, E> {
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.notify(Signal::Answer(None));
        }
        let mut queue = self.group.queue();
        match queue.waiting.first() {
            // This thread does not lead for ever: it has a result to return.
            Some(next) => next.slot.notify(Signal::Lead),
            None => queue.is_led = false,
        }
    }
}

impl<R, E> Slot<R, E> {
    /// Leaves a signal, unless there is one already.
    fn notify(&self, signal: Signal<R, E>) {
        let mut present = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Signal::None = *present {
            *present = signal;
            self.changed.notify_one();
        }
    }

    fn wait(&self) -> Signal<R, E> {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let is_waiting = |signal: &mut Signal<R, E>| matches!(signal, Signal::None);
        let waited = self.changed.wait_while(signal, is_waiting);
        let mut signal = waited.unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut signal, Signal::None)
    }
}

impl<R, E> Default for Slot<R, E> {
    fn default() -> Self {
        Self {
            signal: Mutex::new(Signal::None),
            changed: Condvar::new(),
        }
    }
}

impl<W, R, E> Default for GroupCommit<W, R, E> {
    fn default() -> Self {
        let queue = Queue {
            waiting: Vec::new(),
            is_led: false,
        };
        Self {
            queue: Mutex::new(queue),
        }
    }
}

impl<W, R, E> fmt::Debug for GroupCommit<W, R, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GroupCommit(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    type Doubling = GroupCommit<usize, usize, String>;

    #[expect(clippy::unnecessary_wraps, reason = "what a group takes")]
    fn double(works: &[usize]) -> Result<Vec<Result<usize, String>>, String> {
        Ok(works.iter().map(|work| Ok(2 * work)).collect())
    }

    #[test]
    fn everybody_gets_their_own_answer() {
        const THREADS: usize = 64;
        const ITEMS: usize = 100;

        let group = Doubling::default();
        let turns = AtomicUsize::new(0);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (group, turns) = (&group, &turns);
                scope.spawn(move || {
                    for work in (thread * ITEMS)..(thread + 1) * ITEMS {
                        let answer = group.run(work, |works| {
                            turns.fetch_add(1, Ordering::Relaxed);
                            thread::sleep(Duration::from_micros(200));
                            double(works)
                        });
                        assert_eq!(answer, Some(Ok(2 * work)));
                    }
                });
            }
        });
        let turns = turns.into_inner();
        assert!(turns < THREADS * ITEMS / 4, "{turns} turns");
    }

    #[test]
    fn whoever_comes_alone_leads_at_once() {
        let group = Doubling::default();
        for work in 0..10 {
            let answer = group.run(work, |works| {
                assert_eq!(works, [work], "nobody else's work, and not more than once");
                double(works)
            });
            assert_eq!(answer, Some(Ok(2 * work)));
        }
    }

    /// Runs work 0, and the others while it is in progress, so that those share one turn.
    fn gather(
        group: &Doubling,
        others: usize,
        together: impl Fn(&[usize]) -> Result<Vec<Result<usize, String>>, String> + Sync,
    ) -> Vec<Option<Result<usize, String>>> {
        let begun = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                let waited = group.run(0, |works| {
                    begun.wait();
                    while group.queue().waiting.len() < others {
                        thread::yield_now();
                    }
                    double(works)
                });
                assert_eq!(waited, Some(Ok(0)));
            });
            begun.wait();
            let run = |work| catch_unwind(AssertUnwindSafe(|| group.run(work, &together)));
            let threads: Vec<_> = (1..=others)
                .map(|work| scope.spawn(move || run(work)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().unwrap_or(None))
                .collect()
        })
    }

    #[test]
    fn the_error_of_one_is_nobody_elses() {
        let turns = AtomicUsize::new(0);
        let answers = gather(&Doubling::default(), 5, |works| {
            turns.fetch_add(1, Ordering::Relaxed);
            works
                .iter()
                .map(|work| match work {
                    3 => Ok(Err("three".to_owned())),
                    work => Ok(Ok(2 * work)),
                })
                .collect()
        });
        for (work, answer) in (1..).zip(answers) {
            let expected = if work == 3 {
                Err("three".to_owned())
            } else {
                Ok(2 * work)
            };
            assert_eq!(answer, Some(expected));
        }
        assert_eq!(turns.into_inner(), 1);
    }

    #[test]
    fn what_fails_together_is_done_alone() {
        let answers = gather(&Doubling::default(), 5, |works| {
            if works.contains(&3) {
                return Err("three".to_owned());
            }
            double(works)
        });
        for (work, answer) in (1..).zip(answers) {
            let expected = if work == 3 {
                Err("three".to_owned())
            } else {
                Ok(2 * work)
            };
            assert_eq!(answer, Some(expected));
        }
    }

    #[test]
    fn a_panic_of_the_leader_leaves_nobody_waiting() {
        let group = Doubling::default();
        let answers = gather(&group, 5, |_| panic!("on purpose"));
        assert_eq!(answers, [const { None }; 5]);
        assert_eq!(group.run(7, double), Some(Ok(14)), "the next one leads");
    }
}
