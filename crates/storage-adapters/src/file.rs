//! The resolver of `file:` URIs.

mod describe;
mod error;
mod uri;
mod walk;

use std::num::NonZero;
use std::thread::available_parallelism;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use crate::blocking::{self, ShutDown};
use crate::local::kind_of;

/// Local files and folders as references.
///
/// # URIs
/// `file:///abs`, `file:/abs`, `file://localhost/abs`, and `file:relative`, which is relative to the current folder.
/// Percent-encoding is decoded to find the file; the recorded URI keeps the spelling it was given. `?` and `#` must be
/// percent-encoded, and another host is an error: there is no way to reach its files.
///
/// # Folders
/// A folder stands for every regular file below it, hidden ones included, in the order of their paths. Symbolic links
/// to files are followed, those to folders are not, so there are no loops. A broken link, a named pipe, a socket or a
/// device below the folder is an error that names it. A folder without files is [`ResolveError::NotFound`].
///
/// The stream ends with the first error; the objects before it are told.
///
/// # Digests
/// With checksum, an object's digest is the MD5 of its content. Without, it is the base64 MD5 of the `file:` URI of
/// the resolved path, which says nothing about the content. The size is there either way.
///
/// # Memory
/// Holds the sorted names of one folder per level, and at most a megabyte of content per processor.
///
/// Source: the local file handler of wandb 0.31.0, which ignores hosts, cuts URIs at `?` and `#`, appends the names
/// below a folder without encoding them, and gives no entries for an empty folder.
#[derive(Debug, Clone)]
pub struct FileResolver {
    parallelism: usize,
}

impl FileResolver {
    /// Returns the resolver, which hashes as many files at once as there are processors.
    #[must_use]
    pub fn new() -> Self {
        Self {
            parallelism: available_parallelism().map_or(1, NonZero::get),
        }
    }
}

impl Default for FileResolver {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl ReferenceResolver for FileResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let root = uri.clone();
        let uri = uri.clone();
        let stopped = {
            let uri = uri.clone();
            move |error| Err(shut_down(&uri, error))
        };
        blocking::stream(
            move |batches| {
                let result = walk::walk(&root, &mut |batch| batches.send(Ok(batch)));
                if let Err(walk::Stop::Failed(error)) = result {
                    // The reader is gone.
                    drop(batches.send(Err(error)));
                }
            },
            stopped,
        )
        .map(move |batch| {
            let uri = uri.clone();
            async move {
                let batch = match batch {
                    Ok(batch) => batch,
                    Err(error) => return vec![Err(error)],
                };
                blocking::run(move |abandoned| describe::describe(batch, checksum, abandoned))
                    .await
                    .unwrap_or_else(|error| vec![Err(shut_down(&uri, error))])
            }
        })
        .buffered(self.parallelism)
        .flat_map(stream::iter)
        .scan(false, |failed, object| {
            let ended = std::mem::replace(failed, *failed || object.is_err());
            std::future::ready((!ended).then_some(object))
        })
        .boxed()
    }

    /// Returns the path of the file, which must be there and have the recorded length. Its content is not read, so
    /// whoever reads it must compare it with the digest.
    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        let (uri, recorded) = (object.uri.clone(), object.size);
        let shut_down_uri = uri.clone();
        blocking::run(move |_| open(uri, recorded))
            .await
            .map_err(|error| shut_down(&shut_down_uri, error))?
    }

    /// Reads the file, where its content was recorded.
    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        self.open(object).await?;
        let EntryDigest::Content(recorded) = &object.digest else {
            return Ok(());
        };
        let mut found = self.resolve(&object.uri, true);
        let found = found.try_next().await?;
        match found.map(|found| found.digest) {
            Some(found) if found != object.digest => Err(ResolveError::Changed {
                uri: object.uri.clone(),
                recorded: recorded.to_string(),
                found: found.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

fn open(uri: ReferenceUri, recorded: Option<u64>) -> Result<Fetched, ResolveError> {
    let path = uri::path_of(&uri)?;
    let metadata = path
        .metadata()
        .map_err(|source| error::from_io(&uri, "read", &path, source))?;
    if !metadata.is_file() {
        let reason = format!("{} is {}", path.display(), kind_of(metadata.file_type()));
        return Err(ResolveError::Unsupported { uri, reason });
    }
    match recorded {
        Some(recorded) if recorded != metadata.len() => Err(ResolveError::Changed {
            uri,
            recorded: format!("{recorded} bytes"),
            found: format!("{} bytes", metadata.len()),
        }),
        _ => Ok(Fetched::File(path)),
    }
}

fn shut_down(uri: &ReferenceUri, error: ShutDown) -> ResolveError {
    ResolveError::Backend {
        uri: uri.clone(),
        source: Box::new(error),
    }
}
