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

mod address;
mod alias;
mod artifact_type;
mod digest;
mod draft;
mod file_stamp;
mod logical_path;
mod metadata;
mod name;
pub mod ports;
mod reference;
mod retry;
mod run_id;
mod scope;
mod similar;
mod tag;
mod text;
mod timestamp;
mod ttl;
mod version;

pub use address::{ArtifactAddress, EntryUri, QualifiedAddress, VersionSelector};
pub use alias::Alias;
pub use artifact_type::ArtifactType;
pub use digest::{ArtifactDigest, ContentDigest, ContentKey, DigestAlgorithm, EntryDigest};
pub use draft::{AddReference, ArtifactDraft, DraftContents, DraftError, Source};
pub use file_stamp::FileStamp;
pub use logical_path::LogicalPath;
pub use metadata::Metadata;
pub use name::ArtifactName;
pub use reference::{ReferenceUri, Scheme};
pub use retry::{Retries, RetryNotice, RetryObserver, RetryPolicy, parse_retry_after};
pub use run_id::RunId;
pub use scope::{EntityName, ProjectAddress, ProjectName};
pub use similar::similar;
pub use tag::Tag;
pub use text::InvalidValue;
pub use timestamp::Timestamp;
pub use ttl::Ttl;
pub use version::VersionIndex;
