//! Why a flow failed.

use std::path::PathBuf;

use artifact_core::ports::{RegistryError, ResolveError, TransferError};
use artifact_core::{DigestAlgorithm, DraftError, InvalidValue, LogicalPath, ReferenceUri};

/// Why a flow failed. Nothing is committed by halves, and nothing unverified is in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// What was put together cannot be an artifact.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A reference could not be resolved or read.
    #[error(transparent)]
    Reference(#[from] ResolveError),
    /// Bytes could not be moved.
    #[error("{path} could not be moved")]
    Transfer {
        /// The entry, or the local file.
        path: String,
        /// Why.
        source: TransferError,
    },
    /// A local file could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A local file or folder could not be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A file was written to while it was read.
    #[error("{} changed while it was being logged; nothing was committed", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// One path of the artifact was given content twice, and not the same.
    #[error("{path} was added twice with different content: from {first} and from {second}")]
    Conflict {
        /// The path in the artifact.
        path: LogicalPath,
        /// Where the content was first taken from.
        first: String,
        /// Where the other content was taken from.
        second: String,
    },
    /// More is behind a reference than it may expand to.
    #[error(
        "more than {limit} objects are under {uri}; to reference them all, raise the limit (`max_objects`)"
    )]
    TooManyObjects {
        /// The prefix or folder.
        uri: ReferenceUri,
        /// The limit.
        limit: u64,
    },
    /// What a reference names is not known, and no name was given for the entry.
    #[error("{uri} is recorded as it is, so it needs a name in the artifact")]
    Unnamed {
        /// The reference.
        uri: ReferenceUri,
    },
    /// There is nothing in a version that refers to content elsewhere.
    #[error("{artifact} has no references")]
    NoReferences {
        /// The version.
        artifact: String,
    },
    /// A manifest is not what the registry says it is.
    #[error("the manifest of {artifact} is damaged")]
    Manifest {
        /// The version.
        artifact: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Content does not have the digest that it must have.
    #[error(
        "the stored content of {path} is damaged: it has digest {found}, not {expected}; it was not handed out"
    )]
    Damaged {
        /// The entry.
        path: LogicalPath,
        /// The digest in the manifest.
        expected: String,
        /// The digest of what came.
        found: String,
    },
    /// A registry takes no digests of the kind that a version has.
    #[error("{location} takes {taken} digests there, and the version has {wanted} digests")]
    Algorithm {
        /// The registry.
        location: String,
        /// What the version has.
        wanted: DigestAlgorithm,
        /// What the registry takes.
        taken: DigestAlgorithm,
    },
    /// A version of a registry elsewhere names a file of this machine as content, and nobody said that it may be read.
    #[error("{path} is a reference to a file of this machine, {uri}; it was not read")]
    LocalReference {
        /// The entry.
        path: LogicalPath,
        /// The file.
        uri: ReferenceUri,
    },
    /// Placing a file would follow a symbolic link out of the folder.
    #[error("{} is a symbolic link, and nothing is written through it", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A pattern cannot be read.
    #[error("the pattern {pattern:?} cannot be read")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// A value from outside breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
}
