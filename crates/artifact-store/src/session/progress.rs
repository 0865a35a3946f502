//! What a writer has under way.

use std::collections::{HashMap, HashSet};

use artifact_core::ContentKey;

use crate::metadata::VersionKey;

/// What is under way; nothing is kept of what is committed, so that a long session stays small.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Blobs that were announced and neither placed nor known to have failed, and how often.
    unplaced: HashMap<ContentKey, u32>,
    /// The sizes of blobs that were placed and are not in a committed version yet.
    placed: HashMap<ContentKey, u64>,
    /// The pending versions that this session works on.
    pending: HashMap<VersionKey, Pending>,
    /// Blobs that something has given up: surely, or because it was a version that gave up one of these.
    doubtful: HashSet<ContentKey>,
}

/// A pending version.
#[derive(Debug, Default)]
struct Pending {
    /// What it uses of what was placed.
    uses: Vec<ContentKey>,
    /// Whether it has given up content that it used.
    gave_up_content: bool,
}

impl Progress {
    pub(super) fn announce(&mut self, key: ContentKey) {
        *self.unplaced.entry(key).or_default() += 1;
    }

    pub(super) fn note_placed(&mut self, key: ContentKey, size: u64) {
        if let Some(announced) = self.unplaced.get_mut(&key) {
            *announced -= 1;
            if *announced == 0 {
                self.unplaced.remove(&key);
            }
        }
        self.placed.insert(key, size);
    }

    pub(super) fn size_of_placed(&self, key: &ContentKey) -> Option<u64> {
        self.placed.get(key).copied()
    }

    pub(super) fn note_used<'k>(
        &mut self,
        version: VersionKey,
        keys: impl IntoIterator<Item = &'k ContentKey>,
    ) {
        let placed = keys
            .into_iter()
            .filter(|key| self.placed.contains_key(*key));
        self.pending.entry(version).or_default().uses.extend(placed);
    }

    pub(super) fn note_content_given_up(&mut self, version: VersionKey) {
        self.pending.entry(version).or_default().gave_up_content = true;
    }

    pub(super) fn note_committed(&mut self, version: VersionKey) {
        let Some(committed) = self.pending.remove(&version) else {
            return;
        };
        for key in &committed.uses {
            self.placed.remove(key);
        }
        if committed.gave_up_content {
            self.doubtful.extend(committed.uses);
        }
    }

    pub(super) fn note_dropped(&mut self, version: VersionKey) {
        self.pending.remove(&version);
    }

    pub(super) fn note_given_up(&mut self, key: ContentKey) {
        self.doubtful.insert(key);
    }

    pub(super) fn note_kept(&mut self, key: &ContentKey) {
        self.placed.remove(key);
    }

    /// Whether everything that was announced belongs to a committed version, and none is pending.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.unsettled().next().is_none()
    }

    /// Returns the keys of blobs that may come to be rubbish.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = &ContentKey> {
        let under_way = self.unplaced.keys().chain(self.placed.keys());
        under_way.chain(&self.doubtful)
    }
}
