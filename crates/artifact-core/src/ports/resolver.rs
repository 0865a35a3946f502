//! The port for content that stays where it is.

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
    /// What the store says about its content.
    pub digest: EntryDigest,
    /// Its length in bytes, where the store says so.
    pub size: Option<u64>,
    /// What goes into the entry's `extra`: `etag`, `versionID`.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// Metadata and bytes behind reference URIs of one scheme.
///
/// # Contract
/// * `resolve` yields one object for a URI that names one, and each object once for a prefix or folder.
/// * `resolve` of a URI behind which there is nothing yields [`ResolveError::NotFound`], never an empty stream.
/// * `open` yields the content that `object` describes, or fails; a different version under the same URI is
///   [`ResolveError::Changed`] where the store can tell.
/// * `check` fails as `open` would, by what the store says of the object alone: `Ok` means that `open` would yield the
///   recorded content, as far as a digest or a length was recorded that the store can be asked about.
/// * Dropping a returned future or stream cancels the request behind it.
#[async_trait]
pub trait ReferenceResolver: fmt::Debug + Send + Sync + 'static {
    /// Returns what is behind `uri`, in the order of the paths. Without `checksum` the store is asked for no digest:
    /// the URI itself stands for it.
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>>;

    /// Opens the content of an object that was recorded earlier.
    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError>;

    /// Finds out whether the content of an object that was recorded earlier can still be had, without reading it.
    ///
    /// A resolver that cannot ask for less opens the object, and drops what it gets.
    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        self.open(object).await.map(drop)
    }
}

const _: fn(&dyn ReferenceResolver) = |_| ();

/// Why a reference could not be resolved or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Nothing is behind the URI.
    #[error("nothing found at {uri}")]
    NotFound {
        /// What was looked for.
        uri: ReferenceUri,
    },
    /// The URI is not one that the resolver of its scheme understands.
    #[error("cannot read {uri}: {reason}")]
    Unsupported {
        /// The URI.
        uri: ReferenceUri,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody knows the scheme, so the URI is all there is.
    #[error("{uri} is only recorded: nobody reads `{}` URIs", uri.scheme())]
    UnknownScheme {
        /// The URI.
        uri: ReferenceUri,
    },
    /// The content behind the URI is another one now.
    #[error("the content of {uri} has changed: recorded as {recorded}, now {found}")]
    Changed {
        /// The URI.
        uri: ReferenceUri,
        /// The digest that was recorded.
        recorded: String,
        /// The digest found now.
        found: String,
    },
    /// The store knows who asks, or does not, and refuses.
    #[error("{uri} is refused: it needs {needed}")]
    Denied {
        /// The URI.
        uri: ReferenceUri,
        /// What would have to be given or granted, in the store's own words.
        needed: String,
        /// What the driver said.
        source: BoxError,
    },
    /// A name behind the URI cannot be a path in an artifact.
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
        /// What the driver said.
        source: BoxError,
    },
}
