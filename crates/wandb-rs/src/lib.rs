#![doc = include_str!("../../../README.md")]

pub mod api;
mod artifact;
pub mod blocking;
mod client;
mod download;
#[cfg(feature = "embedded")]
mod embedded;
mod entry;
mod error;
pub mod folders;
mod freeze;
mod logged;
#[cfg(feature = "object_store")]
pub mod object_store;
#[cfg(feature = "object_store_13")]
pub mod object_store_13;
#[cfg(feature = "remote")]
pub mod probe;
mod reading;
mod run;
#[cfg(feature = "embedded")]
mod store;
pub mod table;
mod transfer;

pub use api::Api;
pub use artifact::{AddDir, AddFile, Artifact, NewFile, ToReference};
#[cfg(feature = "embedded")]
pub use artifact_store::{ContentUse, StoreError};
pub use client::{Client, ClientBuilder};
pub use download::{Download, DownloadAll, Downloaded};
pub use entry::Entry;
pub use error::Error;
pub use freeze::FreezeReferences;
pub use logged::LoggedArtifact;
pub use reading::{CachedFile, EntryContent};
pub use run::{
    LogHandle, LogOptions, Logged, PartialOptions, Run, RunBuilder, UpsertHandle, Upserted, init,
};
pub use settings::{
    ApiKey, BaseUrl, Credentials, Destination, ExtraHeaders, FoundCredentials, InvalidApiKey, Key,
    ListedSetting, Mode, NetrcError, ProxyVariable, Resume, Settings, SettingsError,
    SettingsWarning, Source, Target, TargetReason, Unusable,
};
pub use storage_adapters::{Cache, CacheError, CacheReport, CacheUsage, Cleaned};
#[cfg(feature = "embedded")]
pub use store::{DamagedBlob, Garbage, Inspection, Repair, RepairSource, Store};
pub use transfer::{Transfer, Transferred};

pub use artifact_core::ports::{
    AliasedDeletion, ArtifactChanges, ArtifactRecord, CollectionEdits, CollectionRecord, Page,
    ReferenceObject, ReferenceResolver, RegistryError, ResolveError,
};
pub use artifact_core::records;
pub use artifact_core::records::RunAddress;
pub use artifact_core::{
    AddReference, Alias, ArtifactAddress, ArtifactDigest, ArtifactName, ArtifactType,
    ContentDigest, DigestAlgorithm, EntityName, EntryDigest, EntryUri, InvalidValue, LogicalPath,
    Metadata, ProjectAddress, ProjectName, QualifiedAddress, ReferenceUri, RetryNotice, RunId, Tag,
    Timestamp, Ttl, VersionIndex, VersionSelector,
};
pub use artifact_flows::{
    ArtifactDiff, ChangedEntry, CheckedReference, ContentDiff, Fetched, FlowError, Lineage,
    LineageDirection, LineageError, LineageLimits, LineageNode, NoProgress, Phase, Prepared,
    Progress, ReferenceReport, ReferenceState, SavedStats, ScanError, SizedPath, Tensor,
    TensorDiff, VerifyReport,
};
pub use manifest::{Manifest, ManifestEntry};
