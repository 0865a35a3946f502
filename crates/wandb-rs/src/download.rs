//! Bringing a version into a folder.

use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;

use transport::{FetchOptions, Fetched};

use crate::{Error, LoggedArtifact};

/// A download; awaiting it does it.
///
/// A file appears in the folder only when every byte of it was verified. Files that are right already are not touched,
/// and extra files stay unless [`exact`](Self::exact) is asked for.
#[derive(Debug, Clone)]
#[must_use = "a download does nothing until it is awaited"]
pub struct Download {
    artifact: LoggedArtifact,
    root: Option<PathBuf>,
    options: FetchOptions,
}

impl Download {
    pub(crate) fn new(artifact: LoggedArtifact) -> Self {
        Self {
            artifact,
            root: None,
            options: FetchOptions::default(),
        }
    }

    /// Downloads to this folder, instead of [`LoggedArtifact::default_root`].
    pub fn to(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Downloads only entries whose path starts with this text; a trailing `/` makes it a folder.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.path_prefix = Some(prefix.into());
        self
    }

    /// Downloads only entries that this pattern, or another one included, matches. `*` stays within a folder.
    pub fn include(mut self, pattern: impl Into<String>) -> Self {
        self.options.include.push(pattern.into());
        self
    }

    /// Removes files from the folder that do not belong to the version.
    pub const fn exact(mut self) -> Self {
        self.options.exact = true;
        self
    }

    /// Skips references whose content is gone, and tells of them, instead of failing.
    pub const fn allow_missing_references(mut self) -> Self {
        self.options.allow_missing_references = true;
        self
    }

    /// Reads references to files of this machine (`file:`) of a version on a server. Whoever may log to the server could
    /// name any file there, so without this they are an error; those of the embedded store are always read.
    pub const fn allow_local_references(mut self) -> Self {
        self.options.allow_local_references = true;
        self
    }
}

impl IntoFuture for Download {
    type Output = Result<Fetched, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let root = self.root.unwrap_or_else(|| self.artifact.default_root());
            let client = self.artifact.client();
            let mut options = self.options;
            let (resolvers, allow_local) =
                client.resolvers_of_version(options.allow_local_references);
            options.allow_local_references = allow_local;
            let fetched = transport::fetch(
                client.flow(),
                self.artifact.record(),
                &root,
                &options,
                resolvers,
            );
            Ok(fetched.await?)
        })
    }
}
