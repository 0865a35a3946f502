//! Sizes of ticket requests, and the number of bodies in flight.

use std::ops::Range;

use crate::save::read_files::HashedContent;

/// Files in the first request; few, so that bodies start to move soon.
const FIRST_BODIES: usize = 250;

/// Maximum files with bodies per request; the official client's.
const MAX_BODIES: usize = 2_000;

/// Minimum files with bodies per request.
const MIN_BODIES: usize = 25;

/// Maximum files per request whose content the registry ingested already; they need no tickets, which expire.
const MAX_INGESTED: usize = 5_000;

/// Maximum bytes per request, so that its tickets are used before they expire.
pub(super) const MAX_BYTES: u64 = 4 << 30;

/// Contents without tickets, in batches.
#[derive(Debug)]
pub(super) struct Batches {
    /// Their indices.
    open: Vec<usize>,
    next: usize,
    /// Maximum files with bodies in the next batch.
    size: usize,
}

impl Batches {
    pub(super) const fn new(open: Vec<usize>) -> Self {
        Self {
            open,
            next: 0,
            size: FIRST_BODIES,
        }
    }

    /// Returns the indices of the next batch; empty when all were requested.
    pub(super) fn next(&mut self, hashed: &[HashedContent]) -> &[usize] {
        let range = self.range(hashed);
        self.next = range.end;
        &self.open[range]
    }

    fn range(&mut self, hashed: &[HashedContent]) -> Range<usize> {
        let (mut bodies, mut bytes) = (0, 0_u64);
        let rest = self.open[self.next..].iter().take(MAX_INGESTED);
        let mut count = 0;
        for index in rest {
            let HashedContent { size, key, .. } = &hashed[*index];
            if key.is_none() {
                bodies += 1;
                bytes = bytes.saturating_add(*size);
                if 1 < bodies && (self.size < bodies || MAX_BYTES < bytes) {
                    break;
                }
            }
            count += 1;
        }
        if self.size <= bodies {
            self.size = (2 * self.size).min(MAX_BODIES);
        }
        self.next..self.next + count
    }

    /// Returns the maximum number of files with bodies in the next batch.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Shrinks the batches, because tickets expired before their bodies were sent.
    pub(super) fn shrink(&mut self) {
        self.size = (self.size / 2).max(MIN_BODIES);
    }
}

/// Bodies in flight: many small ones, or few huge ones.
#[derive(Debug, Default)]
pub(super) struct SendWindow {
    bodies: usize,
    bytes: u64,
}

impl SendWindow {
    /// Bodies always admitted, whatever their size; with fewer, one stalled connection stops everything.
    const MIN_IN_FLIGHT: usize = 4;

    /// Maximum bodies in flight.
    const MAX_IN_FLIGHT: usize = 64;

    /// Maximum bytes in flight beyond the bodies that are always admitted.
    const BYTES: u64 = 512 << 20;

    /// Whether a body of `size` bytes may be sent now.
    pub(super) const fn admits(&self, size: u64) -> bool {
        let is_light = self.bytes.saturating_add(size) <= Self::BYTES;
        self.bodies < Self::MIN_IN_FLIGHT || (self.bodies < Self::MAX_IN_FLIGHT && is_light)
    }

    pub(super) const fn enter(&mut self, size: u64) {
        self.bodies += 1;
        self.bytes += size;
    }

    pub(super) const fn leave(&mut self, size: u64) {
        self.bodies -= 1;
        self.bytes -= size;
    }
}

#[cfg(test)]
mod tests {
    use artifact_core::{ContentDigest, ContentKey};

    use super::*;

    fn contents(count: usize, size: u64, is_taken: bool) -> Vec<HashedContent> {
        let hashed = HashedContent {
            digest: ContentDigest::Md5([0; 16]),
            size,
            key: is_taken.then_some(ContentKey::from_bytes([0; 32])),
        };
        vec![hashed; count]
    }

    fn lengths(batches: &mut Batches, hashed: &[HashedContent]) -> Vec<usize> {
        let lengths = std::iter::from_fn(|| Some(batches.next(hashed).len()));
        lengths.take_while(|length| 0 < *length).collect()
    }

    fn all(hashed: &[HashedContent]) -> Batches {
        Batches::new((0..hashed.len()).collect())
    }

    #[test]
    fn batches_grow_up_to_the_most() {
        let hashed = contents(9_000, 1, false);
        let lengths = lengths(&mut all(&hashed), &hashed);
        assert_eq!(lengths, [250, 500, 1_000, 2_000, 2_000, 2_000, 1_250]);
    }

    #[test]
    fn batches_shrink_when_tickets_expire_but_not_to_nothing() {
        let hashed = contents(1_000, 1, false);
        let mut batches = all(&hashed);
        batches.shrink();
        assert_eq!(batches.next(&hashed).len(), 125);
        for _ in 0..10 {
            batches.shrink();
        }
        assert_eq!(batches.next(&hashed).len(), 25);
    }

    #[test]
    fn batches_are_bounded_in_bytes_and_never_empty() {
        let hashed = contents(5, 2 << 30, false);
        assert_eq!(lengths(&mut all(&hashed), &hashed), [2, 2, 1]);
        let hashed = contents(2, 5 << 40, false);
        assert_eq!(lengths(&mut all(&hashed), &hashed), [1, 1]);
    }

    #[test]
    fn what_was_taken_already_is_asked_about_in_large_batches() {
        let mut hashed = contents(12_000, 1 << 30, true);
        assert_eq!(lengths(&mut all(&hashed), &hashed), [5_000, 5_000, 2_000]);
        hashed.extend(contents(251, 1, false));
        assert_eq!(
            lengths(&mut all(&hashed), &hashed),
            [5_000, 5_000, 2_250, 1]
        );
    }

    #[test]
    fn many_small_bodies_move_at_once_and_few_huge_ones() {
        for (size, expected) in [(1, 64), (16 << 20, 32), (1 << 40, 4)] {
            let mut window = SendWindow::default();
            let mut count = 0;
            while window.admits(size) {
                window.enter(size);
                count += 1;
            }
            assert_eq!(count, expected, "{size} bytes each");
            window.leave(size);
            assert!(window.admits(size));
        }
    }
}
