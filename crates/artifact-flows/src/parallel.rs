//! Parallel map over slices, on scoped threads.

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Items worth a thread, if each is little work.
const WORTH_A_THREAD: usize = 256;

/// Applies `step`, a cheap function, to every item, and returns the results in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    joined(map_parts(items, |part| part.iter().map(&step).collect()))
}

/// Concatenates `parts`, moving few items.
pub(crate) fn joined<R>(parts: Vec<Vec<R>>) -> Vec<R> {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    for mut part in parts {
        all.append(&mut part);
    }
    all
}

/// Applies `step`, which is cheap per item, to parts of `items`, and returns the results in order.
pub(crate) fn map_parts<T: Sync, R: Send>(items: &[T], step: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let threads = cores().min(items.len() / WORTH_A_THREAD).max(1);
    let parts: Vec<&[T]> = items.chunks(items.len().div_ceil(threads).max(1)).collect();
    share(&parts, threads, |part| step(part))
}

/// Applies `step`, an expensive function, to every item, and returns the results in the order of the items.
pub(crate) fn map_large<T: Sync, R: Send>(items: &[T], step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    share(items, cores(), step)
}

/// Returns the number of threads worth starting.
pub(crate) fn cores() -> usize {
    /// Every thread may hold a file open, and a process may open few.
    const MOST: usize = 64;
    processors().min(MOST)
}

/// Returns the number of available processors. Cached, because the system reads several files to answer.
pub(crate) fn processors() -> usize {
    static COUNT: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    *COUNT
}

/// Lets threads take one item at a time, because some may take far longer than others.
fn share<T: Sync, R: Send>(items: &[T], threads: usize, step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().map(step).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            match items.get(place) {
                Some(item) => done.push((place, step(item))),
                None => return done,
            }
        }
    };
    let mut results: Vec<_> = on_threads(threads, work).into_iter().flatten().collect();
    results.sort_unstable_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Runs `work` on `threads` threads, the calling one included, and returns their results.
pub(crate) fn on_threads<R: Send>(threads: usize, work: impl Fn() -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
        let mut results = vec![work()];
        results.extend(others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }));
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 255, 512, 10_001] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| item + 1).collect();
            assert_eq!(map(&items, |item| item + 1), expected);
            assert_eq!(map_large(&items, |item| item + 1), expected);
            assert_eq!(joined(map_parts(&items, <[usize]>::to_vec)), items);
            assert_eq!(share(&items, 3, |item| item + 1), expected);
        }
    }
}
