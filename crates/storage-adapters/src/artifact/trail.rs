//! From a reference to the entry that it leads to.

use std::sync::Arc;

use artifact_core::ports::ResolveError;
use artifact_core::records::ArtifactId;
use artifact_core::{EntryUri, LogicalPath, ReferenceUri};
use manifest::ManifestEntry;

use super::versions::{Version, Versions};
use super::{entry_uri, error};

/// The maximum of references that follow each other: in a foreign manifest they could lead in a circle.
const MOST: usize = 64;

/// An entry that is stored in its version, or refers to something outside the registry.
#[derive(Debug)]
pub(super) struct Target {
    /// Its own URI.
    pub(super) uri: ReferenceUri,
    pub(super) path: LogicalPath,
    pub(super) entry: ManifestEntry,
    pub(super) version: Arc<Version>,
}

/// Returns the entry that `uri` leads to.
pub(super) async fn follow(
    versions: &Versions,
    uri: &ReferenceUri,
) -> Result<Target, ResolveError> {
    let mut at = uri.clone();
    for _ in 0..MOST {
        let named: EntryUri = entry_uri(&at)?;
        let id = ArtifactId(named.artifact_id().to_owned());
        let version = versions.get(&id).await;
        let version = version.map_err(|failure| error::of_version(&at, failure))?;
        let Some(entry) = version.manifest.get(named.path()).cloned() else {
            return Err(ResolveError::NotFound { uri: at });
        };
        match entry.reference {
            Some(next) if next.is_of_artifact() => at = next,
            _ => {
                return Ok(Target {
                    // As we write it, however it was written.
                    uri: named.to_string().parse().unwrap_or(at),
                    path: named.path().clone(),
                    entry,
                    version,
                });
            }
        }
    }
    Err(ResolveError::Unsupported {
        uri: uri.clone(),
        reason: format!("more than {MOST} references follow each other"),
    })
}
