//! Hashes files only to compare their digests.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;

use artifact_core::{ContentDigest, DigestAlgorithm};

use super::{HashTask, run};
use crate::FlowError;
use crate::progress::Progress;
use crate::stamp;
use artifact_core::FileStamp;

/// Digest and stamp of a file; `None` if it could not be read to its end.
pub(crate) type FileDigest = Option<(ContentDigest, FileStamp)>;

/// A file to hash.
pub(crate) struct FileToCheck {
    pub(crate) path: PathBuf,
    pub(crate) size_hint: u64,
    pub(crate) algorithm: DigestAlgorithm,
}

/// Hashes `files`, and returns the digest of each, in their order.
pub(crate) fn digests(
    files: Vec<FileToCheck>,
    progress: &dyn Progress,
) -> Result<Vec<FileDigest>, FlowError> {
    let found = Mutex::new(vec![None; files.len()]);
    let tasks = files
        .into_iter()
        .map(|file| CheckTask { file, before: None })
        .collect();
    let output = |index: usize, output| {
        found
            .lock()
            .expect("no thread panics while it holds the list")[index] = output;
    };
    run(tasks, progress, &output)?;
    Ok(found
        .into_inner()
        .expect("no thread panics while it holds the list"))
}

struct CheckTask {
    file: FileToCheck,
    before: Option<FileStamp>,
}

impl CheckTask {
    fn found(&self, file: &File, digest: ContentDigest) -> Result<FileDigest, FlowError> {
        let after = stamp::of(&file.metadata().map_err(|source| self.read_failed(source))?);
        // A file that changed while it was read has no certain digest.
        Ok((self.before == Some(after)).then_some((digest, after)))
    }
}

impl HashTask for CheckTask {
    type Output = FileDigest;
    type Error = FlowError;

    fn algorithm(&self) -> DigestAlgorithm {
        self.file.algorithm
    }

    fn size_hint(&self) -> u64 {
        self.file.size_hint
    }

    fn open(&mut self, _is_whole: bool) -> Result<File, FlowError> {
        let opened =
            File::open(&self.file.path).and_then(|file| Ok((stamp::of(&file.metadata()?), file)));
        let (stamp, file) = opened.map_err(|source| self.read_failed(source))?;
        self.before = Some(stamp);
        Ok(file)
    }

    fn take(&mut self, _bytes: &[u8]) -> Result<(), FlowError> {
        Ok(())
    }

    fn finish(
        self,
        file: File,
        _size: u64,
        digest: ContentDigest,
    ) -> Result<FileDigest, FlowError> {
        self.found(&file, digest)
    }

    fn take_whole(
        self,
        file: File,
        _bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<FileDigest, FlowError> {
        self.found(&file, digest)
    }

    fn read_failed(&self, source: std::io::Error) -> FlowError {
        FlowError::Read {
            path: self.file.path.clone(),
            source,
        }
    }

    fn give_up(self, _error: FlowError) -> Result<FileDigest, FlowError> {
        Ok(None)
    }
}
