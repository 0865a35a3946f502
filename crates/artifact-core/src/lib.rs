//! The pure domain of W&B Artifacts: names, paths, versions, digests, drafts and the ports.
//!
//! Functions from values to values. Nothing here does I/O, knows a runtime, HTTP or a file format; time, ids and
//! randomness arrive as arguments. Every rule of the domain is a type with one fallible door, so a value that exists
//! is a value that is right.
//!
//! ```
//! use artifact_core::{ArtifactAddress, VersionSelector};
//!
//! let address: ArtifactAddress = "team/vision/mnist:v3".parse()?;
//! assert_eq!(address.name().as_str(), "mnist");
//! assert_eq!(address.selector(), Some(&VersionSelector::Version(3.into())));
//! # Ok::<(), artifact_core::InvalidValue>(())
//! ```

mod draft;
pub mod ports;
pub mod records;
mod retry;
mod values;

pub use draft::{AddReference, ArtifactDraft, DraftContents, DraftError, Source};
pub use retry::{Retries, RetryNotice, RetryObserver, RetryPolicy, parse_retry_after};
pub use values::{
    Alias, ArtifactAddress, ArtifactDigest, ArtifactName, ArtifactType, ContentDigest, ContentKey,
    DigestAlgorithm, EntityName, EntryDigest, EntryUri, FileStamp, InvalidValue, LogicalPath,
    Metadata, ProjectAddress, ProjectName, QualifiedAddress, ReferenceUri, RunId, Scheme, Tag,
    Timestamp, Ttl, VersionIndex, VersionSelector, similar,
};
