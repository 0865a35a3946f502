//! Notes where each content is: in the manifest, in the journal, in the totals.

use std::collections::HashSet;
use std::sync::Arc;

use artifact_core::ports::ArtifactId;
use manifest::Manifest;

use crate::Progress;
use crate::save::SavedStats;
use crate::save::claims::Contents;
use crate::save::journal::OpenJournal;

/// What becomes of contents that the registry holds.
pub(super) struct Ledger<'a> {
    pub(super) contents: &'a Contents,
    pub(super) artifact: &'a ArtifactId,
    pub(super) manifest: &'a mut Manifest,
    pub(super) journal: Option<&'a mut OpenJournal>,
    pub(super) progress: &'a dyn Progress,
    /// The few versions that first held the many contents.
    pub(super) births: HashSet<Arc<str>>,
    pub(super) stats: SavedStats,
}

impl Ledger<'_> {
    /// Notes that the registry holds a content, which `birth` first stored; the watcher has heard of `told` of its
    /// bytes.
    pub(super) fn settle(&mut self, place: usize, birth: &str, told: u64) {
        let (content, known) = (&self.contents.list[place], &self.contents.known[place]);
        if let Some(journal) = &mut self.journal {
            journal.confirm(&content.path, &known.digest, birth);
        }
        self.note(place, birth, told);
    }

    /// As [`settle`](Self::settle), for what the journal holds already.
    pub(super) fn note(&mut self, place: usize, birth: &str, told: u64) {
        let (content, known) = (&self.contents.list[place], &self.contents.known[place]);
        if birth == self.artifact.0 {
            self.stats.new_files += 1;
            self.stats.new_bytes += known.size;
        } else {
            self.stats.reused_files += 1;
            self.stats.reused_bytes += known.size;
        }
        let birth = self.shared(birth);
        if let Some(entry) = self.manifest.get_mut(&content.path) {
            entry.birth_artifact = Some(birth);
        }
        self.progress.advance(1, known.size - told);
    }

    fn shared(&mut self, birth: &str) -> Arc<str> {
        if let Some(known) = self.births.get(birth) {
            return Arc::clone(known);
        }
        let birth: Arc<str> = birth.into();
        self.births.insert(Arc::clone(&birth));
        birth
    }
}
