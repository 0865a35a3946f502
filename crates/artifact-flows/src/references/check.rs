//! Whether what references name is still there, and still the same.

use artifact_core::ports::{ArtifactRecord, ReferenceObject, ResolveError};
use artifact_core::{LogicalPath, ReferenceUri};
use futures::stream::{self, StreamExt as _};
use manifest::ManifestEntry;

use crate::contents::read_manifest;
use crate::progress::Running;
use crate::save::ResolverLookup;
use crate::{FetchLimits, Flow, FlowError, Phase};

/// What became of what a reference names.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReferenceState {
    /// It can be had as it was recorded, by its digest or version.
    Ok,
    /// It is there with other content, and what was recorded cannot be had any more.
    Changed {
        /// The digest that was recorded.
        recorded: String,
        /// The digest found now.
        found: String,
    },
    /// It is not there.
    Missing,
    /// Nobody knows the scheme, so nobody was asked.
    UnknownScheme,
    /// It cannot be compared with anything.
    NotCheckable {
        /// Why.
        reason: String,
    },
    /// Its store refused, or did not answer.
    Failed {
        /// What happened.
        source: ResolveError,
    },
}

impl ReferenceState {
    /// Whether the content that was recorded is lost.
    #[must_use]
    pub const fn is_drift(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Missing)
    }
}

/// A reference, and what became of what it names.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedReference {
    /// The path of the entry.
    pub path: LogicalPath,
    /// What it names.
    pub uri: ReferenceUri,
    /// What became of it.
    pub state: ReferenceState,
}

/// What became of the references of a version.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// All of them, in the order of their paths.
    pub references: Vec<CheckedReference>,
}

impl ReferenceReport {
    /// Whether the content of any was lost.
    #[must_use]
    pub fn has_drift(&self) -> bool {
        self.references.iter().any(|one| one.state.is_drift())
    }

    /// Whether any store refused or did not answer.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let is_failure =
            |one: &CheckedReference| matches!(one.state, ReferenceState::Failed { .. });
        self.references.iter().any(is_failure)
    }
}

/// Asks the stores of all references of a version whether what was recorded can still be had. No content is fetched;
/// files of this machine are read, but only with `allow_local`, as a fetch does.
///
/// # Errors
/// When the manifest cannot be read. What is missing or changed is no error but in the report.
pub async fn check_references(
    flow: &Flow,
    record: &ArtifactRecord,
    resolvers: &ResolverLookup,
    allow_local: bool,
) -> Result<ReferenceReport, FlowError> {
    let manifest = read_manifest(flow, record).await?;
    let asked: Vec<_> = manifest
        .iter()
        .filter_map(|(path, entry)| Some((path, entry, entry.reference.as_ref()?)))
        .collect();
    let count = Some(asked.len() as u64);
    let _running = Running::start(&*flow.progress, Phase::Verify, count, None);
    let references = stream::iter(asked)
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
            reason: "it is a file of this machine, which nobody allowed to be read".to_owned(),
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
        // Whatever is behind the URI now is what was recorded, unless a version was.
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

/// Whether nothing was recorded but the URI.
fn is_undigested(object: &ReferenceObject) -> bool {
    object.digest.to_string() == object.uri.as_str() && !object.extra.contains_key("versionID")
}
