//! Errors of the use cases.

use std::path::PathBuf;

use artifact_core::ports::{RegistryError, ResolveError, TransferError};
use artifact_core::{
    ContentDigest, DigestAlgorithm, DraftError, InvalidValue, LogicalPath, ReferenceUri,
};

/// Error of a use case. Nothing is partially committed, and no unverified file is installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The draft cannot be an artifact.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The registry refused or failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The client is offline, and the version or entries are not cached.
    #[error("{what} is not in the cache, and {location} is not asked: this client is offline")]
    NotCached {
        /// The version or the entries.
        what: String,
        /// The registry.
        location: String,
    },
    /// A reference could not be resolved or read.
    #[error(transparent)]
    Reference(#[from] ResolveError),
    /// Bytes could not be transferred.
    #[error("{path} could not be moved")]
    Transfer {
        /// The entry, or the local file.
        path: String,
        /// The cause.
        source: TransferError,
    },
    /// A local file could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A local file or folder could not be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A file changed while it was read.
    #[error("{} changed while it was being logged; nothing was committed", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// One path was given two different contents.
    #[error("{path} was added twice with different content: from {first} and from {second}")]
    Conflict {
        /// The path in the artifact.
        path: LogicalPath,
        /// Source of the first content.
        first: String,
        /// Source of the other content.
        second: String,
    },
    /// Another writer finished a distributed version before all of this part was stored.
    #[error("{version} was finished while this share of it was on its way, which is not in there")]
    FinishedMeanwhile {
        /// The version.
        version: String,
    },
    /// A reference expands to more objects than allowed.
    #[error(
        "more than {limit} objects are under {uri}; to reference them all, raise the limit (`max_objects`)"
    )]
    TooManyObjects {
        /// The prefix or folder.
        uri: ReferenceUri,
        /// The limit.
        limit: u64,
    },
    /// A reference of unknown content was given no name.
    #[error("{uri} is recorded as it is, so it needs a name in the artifact")]
    Unnamed {
        /// The reference.
        uri: ReferenceUri,
    },
    /// A version has no references.
    #[error("{artifact} has no references")]
    NoReferences {
        /// The version.
        artifact: String,
    },
    /// A manifest does not match its version.
    #[error("the manifest of {artifact} is damaged")]
    Manifest {
        /// The version.
        artifact: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Content has the wrong digest.
    #[error(
        "the stored content of {path} is damaged: it has digest {found}, not {expected}; it was not handed out"
    )]
    Damaged {
        /// The entry.
        path: LogicalPath,
        /// The expected digest.
        expected: String,
        /// The digest found.
        found: String,
    },
    /// A registry does not accept a version's digest algorithm.
    #[error("{location} takes {taken} digests there, and the version has {wanted} digests")]
    Algorithm {
        /// The registry.
        location: String,
        /// The version's algorithm.
        wanted: DigestAlgorithm,
        /// The registry's algorithm.
        taken: DigestAlgorithm,
    },
    /// A reference to a file of this machine, which may not be read.
    #[error("{path} is a reference to a file of this machine, {uri}; it was not read")]
    LocalReference {
        /// The entry.
        path: LogicalPath,
        /// The file.
        uri: ReferenceUri,
    },
    /// Installing a file would follow a symbolic link.
    #[error("{} is a symbolic link, and nothing is written through it", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Two paths are the same to a case-insensitive file system.
    #[error("{first} and {second} differ only in case: one would take the other's place")]
    OnlyCase {
        /// One of them.
        first: LogicalPath,
        /// The other.
        second: LogicalPath,
    },
    /// A path cannot be the name of a file.
    #[error("{path} cannot be the name of a file: {reason}")]
    Unportable {
        /// The path.
        path: LogicalPath,
        /// The cause.
        reason: &'static str,
    },
    /// Two versions have the same target folder.
    #[error("{first} and {second} would both be brought to {}", root.display())]
    SameRoot {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The folder.
        root: PathBuf,
    },
    /// A version has no such entry.
    #[error("{artifact} has no entry {path}")]
    NoEntry {
        /// The version.
        artifact: String,
        /// The path.
        path: LogicalPath,
    },
    /// A range exceeds an entry, or ends before it starts.
    #[error("bytes {start} to {end} of {path} cannot be read: it has {size}")]
    Range {
        /// The entry.
        path: LogicalPath,
        /// Start of the range.
        start: u64,
        /// End of the range, exclusive.
        end: u64,
        /// Size of the entry.
        size: u64,
    },
    /// No cache is configured to store the content in.
    #[error("there is no cache to keep {path} in")]
    NoCache {
        /// The entry.
        path: LogicalPath,
    },
    /// A pattern is invalid.
    #[error("the pattern {pattern:?} cannot be read")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The cause.
        source: globset::Error,
    },
    /// An input value is invalid.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
}

impl FlowError {
    /// Compares a content's digest and size with the expected ones, as far as they are known.
    pub(crate) fn check_content(
        path: &LogicalPath,
        expected: (Option<ContentDigest>, Option<u64>),
        found: (Option<ContentDigest>, u64),
    ) -> Result<(), Self> {
        let (expected, found) = match (expected, found) {
            ((Some(expected), _), (Some(found), _)) if expected != found => {
                (expected.to_string(), found.to_string())
            }
            ((_, Some(expected)), (_, found)) if expected != found => {
                (format!("{expected} bytes"), format!("{found} bytes"))
            }
            _ => return Ok(()),
        };
        let path = path.clone();
        Err(Self::Damaged {
            path,
            expected,
            found,
        })
    }
}
