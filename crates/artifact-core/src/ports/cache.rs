//! The port for content that was fetched before.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::ContentDigest;

/// Content kept on the local disk, so that it need not be fetched again.
///
/// A cache saves time and nothing else: no method can fail, because whoever asks can do without. An adapter that cannot
/// read or write its folder misses, and says so in its log.
///
/// All methods may block, and are called from threads that may.
///
/// # Contract
/// * `find` gives a file that *may* be wrong, because it is not read: other programs, and disks, write to caches too.
///   Whoever asks verifies every byte before trusting it, and never changes the file.
/// * What was kept is found, until somebody removes it. What is found is a regular file.
/// * `keep` takes nothing on trust that can change meanwhile: either the cache shares the very bytes of the file, which
///   the caller has verified and keeps to itself until `keep` returns, or it verifies what it copies. The file stays.
/// * `keep_bytes` is given bytes that the caller has verified.
/// * `adopt` is `keep` of a file that is the caller's no more: where the file system can, it becomes the entry itself.
/// * What is distrusted is not found again before it is kept again.
/// * Any number of threads and processes may use one cache at once.
pub trait ContentCache: fmt::Debug + Send + Sync + 'static {
    /// Returns a file that should hold the content, where there is one.
    fn find(&self, digest: &ContentDigest) -> Option<PathBuf>;

    /// Keeps the content of `file`, which the caller has verified.
    fn keep(&self, digest: &ContentDigest, file: &Path);

    /// Keeps content that is wholly in memory, which the caller has verified.
    fn keep_bytes(&self, digest: &ContentDigest, content: &[u8]);

    /// Keeps the content of `file`, which the caller has verified and gives away.
    fn adopt(&self, digest: &ContentDigest, file: &Path);

    /// Returns a folder for content that is on its way to be adopted; it need not exist yet.
    fn staging(&self) -> PathBuf;

    /// Removes an entry that turned out to be wrong.
    fn distrust(&self, digest: &ContentDigest);
}

const _: fn(&dyn ContentCache) = |_| ();
