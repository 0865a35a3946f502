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
/// Per phase: `start` once, `advance` any number of times from any thread, `finish` once. Phases come one after
/// another. Called from where bytes are moved: implementations must not block.
pub trait Progress: fmt::Debug + Send + Sync + 'static {
    /// A phase begins that will handle this many files and bytes; `None` where that is not known.
    fn start(&self, phase: Phase, files: Option<u64>, bytes: Option<u64>);

    /// More files are done, and more bytes.
    fn advance(&self, files: u64, bytes: u64);

    /// The phase is over.
    fn finish(&self, phase: Phase);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, _files: u64, _bytes: u64) {}

    fn finish(&self, _phase: Phase) {}
}
