//! Turns the references of a draft into entries.

use std::sync::Arc;

use artifact_core::ports::{ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{AddReference, LogicalPath, ReferenceUri};
use futures::TryStreamExt as _;
use manifest::ManifestEntry;

use crate::{FlowError, Progress};

/// Finds who resolves a reference.
pub type ResolverLookup =
    Arc<dyn Fn(&ReferenceUri) -> Result<Arc<dyn ReferenceResolver>, ResolveError> + Send + Sync>;

/// Returns the entries behind `reference`.
pub(super) async fn resolve(
    reference: &AddReference,
    resolvers: &ResolverLookup,
    progress: &dyn Progress,
) -> Result<Vec<(LogicalPath, ManifestEntry)>, FlowError> {
    let uri = &reference.uri;
    let resolver = resolvers(uri)?;
    let mut objects = resolver.resolve(uri, reference.checksum);
    let mut entries = Vec::new();
    loop {
        let object = match objects.try_next().await {
            Ok(Some(object)) => object,
            Ok(None) => break,
            // Where the bucket itself is missing, that is what the error is about.
            Err(ResolveError::NotFound { uri: missing })
                if reference.allow_empty && entries.is_empty() && missing == *uri =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        };
        if reference.max_objects <= entries.len() as u64 {
            return Err(FlowError::TooManyObjects {
                uri: uri.clone(),
                limit: reference.max_objects,
            });
        }
        entries.push(entry(reference, object)?);
        progress.advance(1, 0);
    }
    Ok(entries)
}

fn entry(
    reference: &AddReference,
    object: ReferenceObject,
) -> Result<(LogicalPath, ManifestEntry), FlowError> {
    // An entry of another artifact is recorded as what it leads to, which may be in a third one.
    let is_single = object.uri.is_same_place(&reference.uri) || reference.uri.is_of_artifact();
    let path = match &reference.name {
        Some(name) if is_single => Ok(name.clone()),
        Some(folder) => folder.join(&object.relative_path),
        // A resolver that only records URIs does not know what they name.
        None if object.relative_path.is_empty() => {
            return Err(FlowError::Unnamed { uri: object.uri });
        }
        None => object.relative_path.parse(),
    };
    let path = path.map_err(|source| ResolveError::Name {
        uri: object.uri.clone(),
        source,
    })?;
    Ok((
        path,
        ManifestEntry::reference(object.uri, object.digest, object.size, object.extra),
    ))
}
