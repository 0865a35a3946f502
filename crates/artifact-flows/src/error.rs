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
    /// What is not in the cache is not had, because the registry is not asked.
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
    /// Somebody finished a version that several write before all of a share was there.
    #[error("{version} was finished while this share of it was on its way, which is not in there")]
    FinishedMeanwhile {
        /// The version.
        version: String,
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
    /// Two paths are one to a file system that ignores case.
    #[error("{first} and {second} differ only in case: one would take the other's place")]
    OnlyCase {
        /// The one.
        first: LogicalPath,
        /// The other.
        second: LogicalPath,
    },
    /// A path cannot be the name of a file.
    #[error("{path} cannot be the name of a file: {reason}")]
    Unportable {
        /// The path.
        path: LogicalPath,
        /// Why.
        reason: &'static str,
    },
    /// Two versions are to be brought into one folder.
    #[error("{first} and {second} would both be brought to {}", root.display())]
    SameRoot {
        /// The one.
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
    /// A range lies beyond the end of an entry, or ends before it starts.
    #[error("bytes {start} to {end} of {path} cannot be read: it has {size}")]
    Range {
        /// The entry.
        path: LogicalPath,
        /// The first byte that is wanted.
        start: u64,
        /// The first byte that is not wanted any more.
        end: u64,
        /// How many bytes there are.
        size: u64,
    },
    /// There is no cache, and so no place for content that was fetched.
    #[error("there is no cache to keep {path} in")]
    NoCache {
        /// The entry.
        path: LogicalPath,
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
