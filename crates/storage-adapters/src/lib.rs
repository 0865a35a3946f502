//! Reference resolvers per URI scheme, and the local content cache.
//!
//! | feature | on by default | resolver | for |
//! |---|---|---|---|
//! | `file` | yes | `FileResolver` | `file:` URIs: local files and folders |
//! | `http` | no | `HttpResolver` | `http:` and `https:` URLs |
//! | `s3` | no | `S3Resolver` | `s3:` URIs: Amazon S3 and compatible services |
//! | `gs` | no | `GsResolver` | `gs:` URIs: Google Cloud Storage |
//! | `azure` | no | `AzureResolver` | the `https:` URLs of Azure Blob Storage |
//!
//! [`ArtifactResolver`] reads `wandb-artifact:` URIs, entries of logged artifacts, over the ports of their registry.
//!
//! [`Resolvers`] selects the resolver for a URI; a caller's own replaces that of a scheme with one call. URIs of an unknown
//! scheme are recorded as they are by [`TrackingResolver`].
//!
//! [`Cache`] is the official client's cache folder, read and written by the same layout, except that every
//! entry is hashed before it is used. [`CachedResolver`] adds it to a resolver.
//!
//! Work on files runs on the blocking threads of the caller's tokio runtime. Nothing here reads the environment, but for
//! the AWS SDK and Google's credentials, which are looked up as by the cloud's own tools, unless they are configured.
//! TLS is rustls with ring, and the machine's certificates; ring is made the process's provider if it has none.
//!
//! ```
//! use artifact_core::{ReferenceUri, ports::ReferenceResolver as _};
//! use futures::TryStreamExt as _;
//! use storage_adapters::Resolvers;
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "file")] {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("hello.txt"), "hello\n")?;
//! let uri: ReferenceUri = format!("file://{}", folder.path().display()).parse()?;
//!
//! let resolvers = Resolvers::default();
//! let found = resolvers.get(&uri)?;
//! let objects: Vec<_> = found.resolver().resolve(&uri, true).try_collect().await?;
//! assert_eq!(objects[0].relative_path, "hello.txt");
//! assert_eq!(objects[0].digest.to_string(), "sZRqySSS0jR8YjW00mERhA==");
//! # } Ok(()) }
//! ```

mod artifact;
#[cfg(feature = "azure")]
mod azure;
mod blocking;
mod cache;
mod cached_resolver;
mod chunks;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "gs")]
mod gs;
#[cfg(feature = "http")]
mod http;
mod local;
#[cfg(any(feature = "http", feature = "s3", feature = "gs", feature = "azure"))]
mod net;
mod offline;
mod resolvers;
#[cfg(feature = "s3")]
mod s3;
mod tracking;

/// The guide for writers of resolvers; its example runs with the doctests.
#[cfg(all(doctest, feature = "file"))]
#[doc = include_str!("../../../docs/resolvers.md")]
struct Guide;

pub use artifact::ArtifactResolver;
#[cfg(feature = "azure")]
pub use azure::{AzureConfig, AzureCredential, AzureResolver};
pub use cache::{Cache, CacheError, CacheReport, CacheUsage, CachedFile, Cleaned, VERSIONS_FOLDER};
pub use cached_resolver::CachedResolver;
#[cfg(feature = "file")]
pub use file::FileResolver;
#[cfg(feature = "gs")]
pub use gs::{GsConfig, GsCredentials, GsResolver};
#[cfg(feature = "http")]
pub use http::{HttpConfig, HttpResolver};
pub use offline::OfflineResolver;
pub use resolvers::{Lookup, Resolvers};
#[cfg(feature = "s3")]
pub use s3::{S3Addressing, S3Config, S3Credentials, S3Resolver};
pub use tracking::TrackingResolver;
