//! Progress reports of long operations.

use std::fmt;
use std::sync::Arc;

use artifact_core::{RetryNotice, RetryObserver};

/// A phase of a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Resolving references.
    Resolve,
    /// Reading and hashing files, and storing their content if the registry is local.
    Hash,
    /// Uploading content.
    Upload,
    /// Comparing existing files.
    Compare,
    /// Downloading, verifying and installing content.
    Download,
    /// Reading and hashing content to verify it.
    Verify,
}

/// Receives the progress of a use case.
///
/// Per phase: `start` once, `advance` any number of times from any thread, `finish` once, also on failure. Phases do
/// not overlap. Called from I/O paths: implementations must not block.
pub trait Progress: fmt::Debug + Send + Sync + 'static {
    /// A phase starts, with this many files and bytes; `None` if unknown.
    fn start(&self, phase: Phase, files: Option<u64>, bytes: Option<u64>);

    /// More files and bytes are done.
    fn advance(&self, files: u64, bytes: u64);

    /// A request or transfer failed and is repeated after a wait. May be called at any time, also outside of phases.
    fn retrying(&self, notice: &RetryNotice);

    /// The phase ended.
    fn finish(&self, phase: Phase);
}

/// Passes the retries of adapters on to a [`Progress`].
#[derive(Debug, Clone)]
pub struct RetryProgress(pub Arc<dyn Progress>);

impl RetryObserver for RetryProgress {
    fn retrying(&self, notice: &RetryNotice) {
        self.0.retrying(notice);
    }
}

/// A running phase; finished on drop, however its work ends.
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

/// Ignores all progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, _bytes: u64) {}

    fn retrying(&self, _notice: &RetryNotice) {}

    fn finish(&self, _phase: Phase) {}
}
