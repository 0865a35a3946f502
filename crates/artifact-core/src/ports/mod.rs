//! The ports: what the flows ask of the world, in the flows' own words.
//!
//! | port | asks for |
//! |---|---|
//! | [`ArtifactRegistry`] | what a W&B server answers about runs, artifacts, collections and lineage |
//! | [`ArtifactCatalog`] | what it answers beyond saving and fetching: runs and their files, links, deletions |
//! | [`BlobTransfer`] | bytes to and from the place that a registry's ticket names |
//! | [`ContentCache`] | content that was fetched before |
//! | [`ReferenceResolver`] | what is behind a URI: entries, digests, versions; its bytes |
//!
//! Adapters live in `transport` (W&B over GraphQL and HTTP), `artifact-store` (the embedded engine) and
//! `storage-adapters` (one resolver per URI scheme).

mod cache;
mod catalog;
mod catalog_types;
mod registry;
mod registry_types;
mod resolver;
mod run_stream;
mod transfer;

pub use cache::ContentCache;
pub use catalog::ArtifactCatalog;
pub use catalog_types::{
    AliasedDeletion, CollectionDetails, CollectionEdits, FileSelection, ListRequest, RunFileRecord,
    RunRelation,
};
#[cfg(feature = "test-util")]
pub use registry::MockArtifactRegistry;
pub use registry::{ArtifactRegistry, RegistryError, TypeConflict};
pub use registry_types::{
    ArtifactChanges, ArtifactLookup, ArtifactRecord, CollectionRecord, CreateArtifact,
    CreateManifest, CreatedArtifact, DownloadRequest, DownloadSpec, ManifestId, ManifestKind,
    ManifestLocation, ManifestReceipt, Page, PageRequest, UploadGrant, UploadNeeds, UploadSpec,
};
pub use resolver::{ReferenceObject, ReferenceResolver, ResolveError};
pub use run_stream::{RunMessage, RunProgress, RunReply, StreamLines};
pub use transfer::{
    BlobTransfer, BoxError, ByteStream, DownloadTicket, Fetched, IngestWriter, OnSent,
    TransferError, UploadBody, UploadTicket,
};
