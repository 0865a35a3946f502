//! Values: names, paths, digests and addresses, each a type with one fallible constructor.

mod address;
mod alias;
mod artifact_type;
mod digest;
mod file_stamp;
mod logical_path;
mod metadata;
mod name;
mod reference;
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
pub use file_stamp::FileStamp;
pub use logical_path::LogicalPath;
pub use metadata::Metadata;
pub use name::ArtifactName;
pub use reference::{ReferenceUri, Scheme};
pub use run_id::RunId;
pub use scope::{EntityName, ProjectAddress, ProjectName};
pub use similar::similar;
pub use tag::Tag;
pub use text::InvalidValue;
pub use timestamp::Timestamp;
pub use ttl::Ttl;
pub use version::VersionIndex;
