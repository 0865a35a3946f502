//! The port for references: content that stays in the user's own store.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::transfer::{BoxError, Fetched};
use crate::{EntryDigest, InvalidValue, ReferenceUri};

/// One object behind a reference URI.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceObject {
    /// The object's own URI, as it goes into the manifest.
    pub uri: ReferenceUri,
    /// The object's path relative to the URI that was resolved; its own name when that URI was this very object.
    pub relative_path: String,
    /// The digest of its content that the store reports.
    pub digest: EntryDigest,
    /// Its length in bytes, if the store reports it.
    pub size: Option<u64>,
    /// The fields of the entry's `extra`: `etag`, `versionID`.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// Metadata and bytes behind reference URIs of one scheme.
///
/// # Contract
/// * `resolve` yields one object for a URI that names one, and each object once for a prefix or folder.
/// * `resolve` of a URI behind which there is nothing yields [`ResolveError::NotFound`], never an empty stream.
/// * `open` yields the content that `object` describes, or fails; a different version under the same URI is
///   [`ResolveError::Changed`] where the store can tell.
/// * `check` fails as `open` would, using only the metadata that the store reports: `Ok` means that `open` would yield the
///   recorded content, as far as a recorded digest or length can be compared with what the store reports.
/// * Dropping a returned future or stream cancels the request behind it.
#[async_trait]
pub trait ReferenceResolver: fmt::Debug + Send + Sync + 'static {
    /// Returns the objects at `uri`, in the order of the paths. Without `checksum` no digest is requested from the store:
    /// the URI itself is the digest.
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>>;

    /// Opens the content of an object that was recorded earlier.
    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError>;

    /// Checks whether the content of an object that was recorded earlier is still available, without reading it.
    ///
    /// By default this opens the object and drops the content.
    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        self.open(object).await.map(drop)
    }
}

const _: fn(&dyn ReferenceResolver) = |_| ();

/// The error of resolving or reading a reference.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No object is at the URI.
    #[error("nothing found at {uri}")]
    NotFound {
        /// The URI.
        uri: ReferenceUri,
    },
    /// The URI is not one that the resolver of its scheme understands.
    #[error("cannot read {uri}: {reason}")]
    Unsupported {
        /// The URI.
        uri: ReferenceUri,
        /// The reason.
        reason: String,
    },
    /// There is no resolver for the scheme, so only the URI is recorded.
    #[error("{uri} is only recorded: there is no resolver for `{}` URIs", uri.scheme())]
    UnknownScheme {
        /// The URI.
        uri: ReferenceUri,
    },
    /// The content at the URI has changed.
    #[error("the content of {uri} has changed: recorded as {recorded}, now {found}")]
    Changed {
        /// The URI.
        uri: ReferenceUri,
        /// The digest that was recorded.
        recorded: String,
        /// The digest found now.
        found: String,
    },
    /// The store denies access.
    #[error("{uri} is refused: it needs {needed}")]
    Denied {
        /// The URI.
        uri: ReferenceUri,
        /// The credentials or permission that are missing, in the store's own words.
        needed: String,
        /// The error of the driver.
        source: BoxError,
    },
    /// A name at the URI cannot be a path in an artifact.
    #[error("an object at {uri} has a name that cannot be a path in an artifact")]
    Name {
        /// The URI.
        uri: ReferenceUri,
        /// The rule it breaks.
        source: InvalidValue,
    },
    /// The store failed.
    #[error("asking for {uri} failed")]
    Backend {
        /// The URI.
        uri: ReferenceUri,
        /// The error of the driver.
        source: BoxError,
    },
}
