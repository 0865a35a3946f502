//! The same small thing for many items, on all cores.

use std::num::NonZeroUsize;

/// Applies `step`, which does little, to every item, and returns the results in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    /// Fewer than this are done before another thread would have started.
    const WORTH_A_THREAD: usize = 256;
    map_parts(items, WORTH_A_THREAD, step)
}

/// Applies `step`, which does much, to every item, and returns the results in the order of the items.
pub(crate) fn map_large<T: Sync, R: Send>(items: &[T], step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_parts(items, 1, step)
}

fn map_parts<T: Sync, R: Send>(
    items: &[T],
    worth_a_thread: usize,
    step: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.min(items.len().div_ceil(worth_a_thread)).max(1);
    if threads == 1 {
        return items.iter().map(step).collect();
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(items.len().div_ceil(threads))
            .map(|part| scope.spawn(|| part.iter().map(&step).collect::<Vec<_>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}
