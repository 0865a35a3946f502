//! The bytes of a content on their way: of a small file read at one go, of a larger one while they are sent. Either way they
//! are those that the digest was computed of.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use artifact_core::Source;
use artifact_core::ports::UploadBody;

use crate::save::claims::Contents;
use crate::{FlowError, stamp};

/// The largest file that is held, in bytes. Looking at a file, opening and reading it are hops to other threads, which
/// cost more than a small file's bytes do.
const HELD: u64 = 64 << 10;

/// What is sent of one content.
#[derive(Debug)]
pub(super) struct Body {
    contents: Arc<Contents>,
    place: usize,
    /// All of a small file.
    held: Option<Vec<u8>>,
}

impl Body {
    pub(super) fn new(contents: &Arc<Contents>, place: usize) -> Self {
        Self {
            contents: Arc::clone(contents),
            place,
            held: None,
        }
    }

    /// Reads a small file, unless it was; makes sure that a larger one has not changed.
    pub(super) async fn open(&mut self) -> Result<(), FlowError> {
        let size = self.contents.known[self.place].size;
        match self.contents.list[self.place].source {
            Source::File { .. } if HELD < size => self.check().await,
            Source::File { .. } if self.held.is_none() => {
                self.held = Some(self.look(move |path| read(path, size)).await?);
                Ok(())
            }
            Source::File { .. } | Source::Bytes(_) => Ok(()),
        }
    }

    pub(super) fn bytes(&self) -> UploadBody<'_> {
        match &self.held {
            Some(bytes) => UploadBody::Bytes(bytes),
            None => self.contents.list[self.place].body(),
        }
    }

    /// Makes sure that a file that was read as it was sent has not changed.
    pub(super) async fn check(&self) -> Result<(), FlowError> {
        match self.bytes() {
            UploadBody::File(_) => self.look(|path| Ok((fs::metadata(path)?, ()))).await,
            UploadBody::Bytes(_) => Ok(()),
        }
    }

    /// Looks at the file, which has to be as it was when it was added.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Path) -> io::Result<(Metadata, T)> + Send + 'static,
    ) -> Result<T, FlowError> {
        let Source::File { path, stamp } = self.contents.list[self.place].source.clone() else {
            unreachable!("bytes in memory are not looked at");
        };
        blocking(move || match look(&path) {
            Ok((metadata, seen)) if stamp::of(&metadata) == stamp => Ok(seen),
            Ok(_) => Err(FlowError::Changed { path }),
            Err(source) => Err(FlowError::Read { path, source }),
        })
        .await
    }
}

/// Reads a file of `size` bytes, and then asks what it is.
fn read(path: &Path, size: u64) -> io::Result<(Metadata, Vec<u8>)> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let read = file.read_exact(&mut bytes);
    let metadata = file.metadata()?;
    match read {
        // It has become shorter, which its size tells.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok((metadata, bytes)),
    }
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
