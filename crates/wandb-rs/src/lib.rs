#![doc = include_str!("../../../README.md")]

mod artifact;
pub mod blocking;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod download;
mod entry;
mod error;
mod freeze;
mod logged;
mod run;
mod settings;
mod transfer;

pub use artifact::{AddDir, AddFile, Artifact, NewFile, ToReference};
pub use client::{Client, ClientBuilder};
pub use download::Download;
pub use entry::Entry;
pub use error::Error;
pub use freeze::FreezeReferences;
pub use logged::LoggedArtifact;
pub use run::{LogHandle, LogOptions, Logged, Run, RunBuilder, init};
pub use settings::{
    ApiKey, BaseUrl, Credentials, Destination, ExtraHeaders, FoundCredentials, InvalidApiKey, Key,
    ListedSetting, Mode, NetrcError, ProxyVariable, Resume, Settings, SettingsError,
    SettingsWarning, Source, Target, TargetReason, Unusable,
};
pub use transfer::{Transfer, Transferred};

pub use artifact_core::ports::{
    ArtifactChanges, ArtifactRecord, CollectionRecord, ReferenceObject, ReferenceResolver,
    ResolveError, RunAddress, RunRecord,
};
pub use artifact_core::{
    AddReference, Alias, ArtifactAddress, ArtifactDigest, ArtifactName, ArtifactType,
    ContentDigest, DigestAlgorithm, EntityName, EntryDigest, EntryUri, InvalidValue, LogicalPath,
    Metadata, ProjectAddress, ProjectName, QualifiedAddress, ReferenceUri, RunId, Tag, Timestamp,
    Ttl, VersionIndex, VersionSelector,
};
pub use manifest::{Manifest, ManifestEntry};
pub use transport::{
    CheckedReference, Fetched, FlowError, NoProgress, Phase, Prepared, Progress, ReferenceReport,
    ReferenceState, SavedStats, ScanError, VerifyReport,
};
