//! References of a version: whether their targets still exist unchanged, and the kind of their digests.

use std::borrow::Cow;
use std::sync::Arc;

use artifact_core::ports::{ArtifactRecord, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, LogicalPath, ReferenceUri};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::{Manifest, ManifestEntry};

use crate::progress::Running;
use crate::read_manifest::read_manifest;
use crate::{FetchLimits, Flow, FlowError, Phase};

/// Returns the resolver for a reference.
pub type ResolverLookup =
    Arc<dyn Fn(&ReferenceUri) -> Result<Arc<dyn ReferenceResolver>, ResolveError> + Send + Sync>;

/// State of a reference's target.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReferenceState {
    /// The recorded content is available, by its digest or version.
    Ok,
    /// The target has other content, and the recorded content is no longer available.
    Changed {
        /// The recorded digest.
        recorded: String,
        /// The current digest.
        found: String,
    },
    /// The target does not exist.
    Missing,
    /// No resolver supports the scheme.
    UnknownScheme,
    /// There is nothing to compare the target with.
    NotCheckable {
        /// Why.
        reason: String,
    },
    /// Its store refused or failed.
    Failed {
        /// The store's error.
        source: ResolveError,
    },
}

impl ReferenceState {
    /// Whether the recorded content is lost.
    #[must_use]
    pub const fn is_drift(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Missing)
    }
}

/// A reference and the state of its target.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedReference {
    /// The path of the entry.
    pub path: LogicalPath,
    /// The reference.
    pub uri: ReferenceUri,
    /// The state of its target.
    pub state: ReferenceState,
}

/// States of all references of a version.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// All references, in the order of their paths.
    pub references: Vec<CheckedReference>,
}

impl ReferenceReport {
    /// Whether the content of any reference is lost.
    #[must_use]
    pub fn has_drift(&self) -> bool {
        self.references.iter().any(|one| one.state.is_drift())
    }

    /// Whether any store refused or failed.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let is_failure =
            |one: &CheckedReference| matches!(one.state, ReferenceState::Failed { .. });
        self.references.iter().any(is_failure)
    }
}

/// Checks whether the recorded content of all references of a version is still available. No content is downloaded;
/// files of this machine are read, but only with `allow_local`, as in a download.
///
/// # Errors
/// Fails when the manifest cannot be read. Missing or changed targets are part of the report.
pub async fn check_references(
    flow: &Flow,
    record: &ArtifactRecord,
    resolvers: &ResolverLookup,
    allow_local: bool,
) -> Result<ReferenceReport, FlowError> {
    let manifest = read_manifest(flow, record).await?;
    let references_to_check: Vec<_> = manifest
        .iter()
        .filter_map(|(path, entry)| Some((path, entry, entry.reference.as_ref()?)))
        .collect();
    let count = Some(references_to_check.len() as u64);
    let _running = Running::start(&*flow.progress, Phase::Verify, count, None);
    let references = stream::iter(references_to_check)
        .map(|(path, entry, uri)| async move {
            let state = state(path, entry, uri, resolvers, allow_local).await;
            flow.progress.advance(1, 0);
            CheckedReference {
                path: path.clone(),
                uri: uri.clone(),
                state,
            }
        })
        .buffered(FetchLimits::default().streams)
        .collect()
        .await;
    Ok(ReferenceReport { references })
}

async fn state(
    path: &LogicalPath,
    entry: &ManifestEntry,
    uri: &ReferenceUri,
    resolvers: &ResolverLookup,
    allow_local: bool,
) -> ReferenceState {
    if uri.scheme().as_str() == "file" && !allow_local {
        return ReferenceState::NotCheckable {
            reason: "it is a file of this machine, and reading local files is not allowed"
                .to_owned(),
        };
    }
    let object = ReferenceObject {
        uri: uri.clone(),
        relative_path: path.file_name().to_owned(),
        digest: entry.digest.clone(),
        size: entry.size,
        extra: entry.extra.clone(),
    };
    let checked = match resolvers(uri) {
        Ok(resolver) => resolver.check(&object).await,
        Err(error) => Err(error),
    };
    match checked {
        // With nothing recorded but the URI, any content would match.
        Ok(()) if is_undigested(&object) => ReferenceState::NotCheckable {
            reason: "it is there, but no digest was recorded".to_owned(),
        },
        Ok(()) => ReferenceState::Ok,
        Err(ResolveError::NotFound { .. }) => ReferenceState::Missing,
        Err(ResolveError::Changed {
            recorded, found, ..
        }) => ReferenceState::Changed { recorded, found },
        Err(ResolveError::UnknownScheme { .. }) => ReferenceState::UnknownScheme,
        Err(ResolveError::Unsupported { reason, .. }) => ReferenceState::NotCheckable { reason },
        Err(source) => ReferenceState::Failed { source },
    }
}

/// Whether only the URI was recorded.
fn is_undigested(object: &ReferenceObject) -> bool {
    object.digest.to_string() == object.uri.as_str() && !object.extra.contains_key("versionID")
}

/// Concurrent lookups.
const CONCURRENT_LOOKUPS: usize = 16;

/// Sets the kind of digest of entries at `paths` that refer to entries of other artifacts: the same text may be an MD5,
/// another digest or an ETag, and a manifest does not say which.
///
/// Entries whose target cannot be read stay as they are: opening them returns the error.
pub(crate) async fn resolve_digests(
    manifest: &mut Manifest,
    paths: impl Fn(&LogicalPath) -> bool,
    resolvers: &ResolverLookup,
) {
    let references_to_check: Vec<_> = manifest
        .iter()
        .filter(|(path, _)| paths(path))
        .filter_map(|(path, entry)| {
            let uri = entry
                .reference
                .clone()
                .filter(ReferenceUri::is_of_artifact)?;
            Some((path.clone(), uri, entry.digest.to_string()))
        })
        .collect();
    let mut answers = stream::iter(references_to_check)
        .map(|(path, uri, recorded)| async move {
            let digest = resolved_digest(&uri, resolvers).await;
            (path, digest.filter(|digest| digest.to_string() == recorded))
        })
        .buffer_unordered(CONCURRENT_LOOKUPS);
    while let Some((path, digest)) = answers.next().await {
        if let (Some(entry), Some(digest)) = (manifest.get_mut(&path), digest) {
            entry.digest = digest;
        }
    }
}

/// Returns an entry with the kind of digest of its target, as [`resolve_digests`] does.
pub(crate) async fn with_resolved_digest<'a>(
    entry: &'a ManifestEntry,
    resolvers: &ResolverLookup,
) -> Cow<'a, ManifestEntry> {
    let uri = entry.reference.as_ref();
    let Some(uri) = uri.filter(|uri| uri.is_of_artifact()) else {
        return Cow::Borrowed(entry);
    };
    match resolved_digest(uri, resolvers).await {
        Some(digest) if digest.to_string() == entry.digest.to_string() => {
            let mut entry = entry.clone();
            entry.digest = digest;
            Cow::Owned(entry)
        }
        _ => Cow::Borrowed(entry),
    }
}

async fn resolved_digest(uri: &ReferenceUri, resolvers: &ResolverLookup) -> Option<EntryDigest> {
    let resolver = resolvers(uri).ok()?;
    let object: Option<ReferenceObject> = resolver.resolve(uri, true).try_next().await.ok()?;
    Some(object?.digest)
}
