//! The W&B artifact manifest file, version 1: read, write, digest, diff and merge.
//!
//! A manifest describes the content of a version: for each logical path the digest, the size, and for a reference its
//! URI. This crate works on readers and writers; it touches neither the network nor the file system.
//!
//! ```
//! use artifact_core::{ContentDigest, DigestAlgorithm};
//! use manifest::{Manifest, ManifestEntry};
//!
//! let digest = ContentDigest::from_base64(DigestAlgorithm::Md5, "sZRqySSS0jR8YjW00mERhA==")?;
//! let mut manifest = Manifest::default();
//! manifest.insert("hello.txt".parse()?, ManifestEntry::file(digest, 6));
//! assert_eq!(manifest.digest(DigestAlgorithm::Md5).to_string(), "646850bf3b1463160ba8676bfb654546");
//! # Ok::<(), artifact_core::InvalidValue>(())
//! ```
//!
//! Source: section 5 of the wire protocol as spoken by wandb 0.31.0.

mod content;
mod diff;
mod digest;
mod entry;
mod guard;
mod header;
mod merge;
mod read;
mod table;
mod write;

pub use content::{ContentHasher, LaneHashers};
pub use diff::{Change, ManifestDiff};
pub use digest::ArtifactDigester;
pub use entry::ManifestEntry;
pub use header::{ManifestHeader, StorageLayout};
pub use merge::MergeConflict;
pub use read::{ReadError, ReadLimits, read_entries};
pub use table::Manifest;
pub use write::ManifestWriter;
