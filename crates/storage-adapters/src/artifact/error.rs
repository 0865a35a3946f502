//! Mapping of the registry's errors to those of a reference.

use artifact_core::ReferenceUri;
use artifact_core::ports::{RegistryError, ResolveError, TransferError};

use super::versions::Failure;

pub(super) fn of_version(uri: &ReferenceUri, failure: Failure) -> ResolveError {
    match failure {
        Failure::Registry(error) => of_registry(uri, error),
        Failure::Transfer(error) => of_transfer(uri, error),
        Failure::Damaged(source) => ResolveError::Backend {
            uri: uri.clone(),
            source,
        },
    }
}

pub(super) fn of_registry(uri: &ReferenceUri, error: RegistryError) -> ResolveError {
    let uri = uri.clone();
    match error {
        RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. } => {
            ResolveError::NotFound { uri }
        }
        error @ (RegistryError::Forbidden { .. } | RegistryError::Unauthorized { .. }) => {
            ResolveError::Denied {
                uri,
                needed: "an account that may read the artifact it is in".to_owned(),
                source: Box::new(error),
            }
        }
        // As of an id that another registry gave.
        RegistryError::Rejected { what } => ResolveError::Unsupported { uri, reason: what },
        error => ResolveError::Backend {
            uri,
            source: Box::new(error),
        },
    }
}

pub(super) fn of_transfer(uri: &ReferenceUri, error: TransferError) -> ResolveError {
    let uri = uri.clone();
    match error {
        TransferError::Gone { .. } => ResolveError::NotFound { uri },
        error => ResolveError::Backend {
            uri,
            source: Box::new(error),
        },
    }
}
