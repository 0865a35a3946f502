//! Bringing versions into folders.

use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;

use artifact_core::ArtifactAddress;
use artifact_flows::{FetchJob, FetchOptions, Fetched, ResolverLookup};

use crate::{Client, Error, LoggedArtifact};

/// A boxed future that is `Send`.
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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

/// A download of many versions; awaiting it does it.
///
/// They are looked up together, and share one set of limits. Each goes to a folder of its own, as by [`Download`]. One that
/// fails does not keep the others from coming: what came of each is at the place of its address.
///
/// ```no_run
/// # async fn example(client: wandb_rs::Client) -> Result<(), wandb_rs::Error> {
/// for outcome in client.download_all(["vision/mnist:v3", "vision/cifar:v1"])?.to("data").await? {
///     let downloaded = outcome?;
///     println!("{} is in {}", downloaded.artifact, downloaded.fetched.root.display());
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a download does nothing until it is awaited"]
pub struct DownloadAll {
    client: Client,
    addresses: Vec<ArtifactAddress>,
    folder: Option<PathBuf>,
    options: FetchOptions,
}

/// A version that was brought into a folder.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Downloaded {
    /// The version.
    pub artifact: LoggedArtifact,
    /// The outcome.
    pub fetched: Fetched,
}

/// Options of one download and of many.
macro_rules! what_is_wanted {
    ($download:ty) => {
        impl $download {
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

            /// Downloads no entries that this pattern matches, even if they are included. `*` stays within a folder.
            pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
                self.options.exclude.push(pattern.into());
                self
            }

            /// Fails, before anything is moved, on names that some system cannot hold: those that differ only in case, and
            /// those that Windows refuses. Without this they are an error only where the folder cannot hold them.
            pub const fn portable(mut self) -> Self {
                self.options.portable = true;
                self
            }

            /// Removes files from the folder that do not belong to the version.
            pub const fn exact(mut self) -> Self {
                self.options.exact = true;
                self
            }

            /// Skips references whose content is gone, and reports them, instead of failing.
            pub const fn allow_missing_references(mut self) -> Self {
                self.options.allow_missing_references = true;
                self
            }

            /// Reads references to files of this machine (`file:`) of a version on a server. Whoever may log to the server
            /// could name any file there, so without this they are an error; those of the embedded store are always read.
            pub const fn allow_local_references(mut self) -> Self {
                self.options.allow_local_references = true;
                self
            }
        }
    };
}

what_is_wanted!(Download);
what_is_wanted!(DownloadAll);

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
}

impl DownloadAll {
    pub(crate) fn new(client: Client, addresses: Vec<ArtifactAddress>) -> Self {
        Self {
            client,
            addresses,
            folder: None,
            options: FetchOptions::default(),
        }
    }

    /// Downloads each version to `NAME:vN` in this folder, instead of [`LoggedArtifact::default_root`].
    pub fn to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    async fn run(self) -> Result<Vec<Result<Downloaded, Error>>, Error> {
        let found = self.client.find_all(&self.addresses).await?;
        let root = |artifact: &LoggedArtifact| match &self.folder {
            Some(folder) => artifact.root_in(folder),
            None => artifact.default_root(),
        };
        let jobs = found.iter().flatten().map(|artifact| FetchJob {
            root: root(artifact),
            record: artifact.record().clone(),
        });
        let (options, resolvers) = options_of(&self.client, self.options);
        let flow = self.client.flow();
        let fetching = artifact_flows::fetch_all(flow, jobs.collect(), &options, resolvers);
        let mut fetched = Box::pin(fetching).await?.into_iter();
        let outcome = |found: Result<LoggedArtifact, Error>| {
            let artifact = found?;
            let fetched = fetched.next().expect("one for each that was found")?;
            Ok(Downloaded { artifact, fetched })
        };
        Ok(found.into_iter().map(outcome).collect())
    }
}

/// Returns the options for the registry of `client`, and the resolvers of its references.
fn options_of(client: &Client, mut options: FetchOptions) -> (FetchOptions, &ResolverLookup) {
    let (resolvers, allow_local) = client.resolvers_of_version(options.allow_local_references);
    options.allow_local_references = allow_local;
    (options, resolvers)
}

impl IntoFuture for Download {
    type Output = Result<Fetched, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let root = self.root.unwrap_or_else(|| self.artifact.default_root());
            let client = self.artifact.client();
            let (options, resolvers) = options_of(client, self.options);
            let fetched = artifact_flows::fetch(
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

impl IntoFuture for DownloadAll {
    type Output = Result<Vec<Result<Downloaded, Error>>, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
