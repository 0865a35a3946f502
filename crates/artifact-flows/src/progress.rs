//! Watching long work.

use std::fmt;

/// A part of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Finding out what is behind references.
    Resolve,
    /// Reading and hashing files, and storing their content where the registry is local.
    Hash,
    /// Sending content.
    Upload,
    /// Finding out what is in place already.
    Compare,
    /// Fetching, verifying and placing content.
    Download,
    /// Reading and hashing content to see whether it is right.
    Verify,
}

/// Watches a flow.
///
/// Per phase: `start` once, `advance` any number of times from any thread, `finish` once, also when the work in it
/// fails. Phases come one after another. Called from where bytes are moved: implementations must not block.
pub trait Progress: fmt::Debug + Send + Sync + 'static {
    /// A phase begins that will handle this many files and bytes; `None` where that is not known.
    fn start(&self, phase: Phase, files: Option<u64>, bytes: Option<u64>);

    /// More files are done, and more bytes.
    fn advance(&self, files: u64, bytes: u64);

    /// The phase is over.
    fn finish(&self, phase: Phase);
}

/// A phase under way; finished when this is dropped, however the work in it ends.
#[must_use]
pub(crate) struct Running<'a> {
    progress: &'a dyn Progress,
    phase: Phase,
}

impl<'a> Running<'a> {
    pub(crate) fn start(
        progress: &'a dyn Progress,
        phase: Phase,
        files: Option<u64>,
        bytes: Option<u64>,
    ) -> Self {
        progress.start(phase, files, bytes);
        Self { progress, phase }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.progress.finish(self.phase);
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, _bytes: u64) {}

    fn finish(&self, _phase: Phase) {}
}
