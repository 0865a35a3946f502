//! Parameters and results of the registry port.

use std::fmt;
use std::sync::Arc;

use super::transfer::{DownloadTicket, UploadTicket};
use crate::records::{ArtifactId, ArtifactState, RunAddress};
use crate::{
    Alias, ArtifactDigest, ArtifactName, ArtifactType, ContentDigest, ContentKey, DigestAlgorithm,
    LogicalPath, Metadata, ProjectAddress, QualifiedAddress, RunId, Tag, Timestamp, Ttl,
    VersionIndex,
};

/// A registry's id of a manifest; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ManifestId(pub String);

/// A version to create. Source: `CreateArtifactInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateArtifact {
    /// The project of the collection.
    pub project: ProjectAddress,
    /// The collection.
    pub name: ArtifactName,
    /// The type, which must be the collection's.
    pub artifact_type: ArtifactType,
    /// The run that logs it; `None` for a version logged outside a run.
    pub run: Option<RunId>,
    /// The digest of the entries in this request: of all, of one writer's partial version, or of an increment.
    pub digest: ArtifactDigest,
    /// The hash function of that digest and the entries'.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// The time to live of the version.
    pub ttl: Ttl,
    /// The aliases that move to the version when it is committed.
    pub aliases: Vec<Alias>,
    /// The tags of the version.
    pub tags: Vec<Tag>,
    /// The id shared by the writers of a distributed version: all requests with this id get the same pending version,
    /// until it is committed.
    pub distributed_id: Option<String>,
    /// Whether the entries are added to those of the newest version.
    pub is_incremental: bool,
}

/// The response to [`CreateArtifact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedArtifact {
    /// The version's id.
    pub id: ArtifactId,
    /// [`ArtifactState::Committed`] if the collection already has a version with this digest: nothing is left to do.
    pub state: ArtifactState,
    /// The newest version of the collection, if there is one.
    pub latest: Option<ArtifactId>,
}

/// The part of a version that a manifest holds. Source: `ArtifactManifestType` of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifestKind {
    /// Every entry.
    Full,
    /// One writer's part of a distributed version.
    Patch,
    /// Entries added to those of the version that it follows.
    Incremental,
}

impl ManifestKind {
    /// Returns the file name of such a manifest.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Full => "wandb_manifest.json",
            Self::Patch => "wandb_manifest.patch.json",
            Self::Incremental => "wandb_manifest.incremental.json",
        }
    }
}

/// A manifest to create for a pending version. Source: `CreateArtifactManifest` of the wire protocol.
///
/// Sent twice for a full one: first without `upload`, so that files can refer to the manifest; then, when its bytes are
/// known, with. The bytes of others are announced with
/// [`update_manifest`](super::ArtifactRegistry::update_manifest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateManifest {
    /// The pending version.
    pub artifact: ArtifactId,
    /// The version that it follows.
    pub base: Option<ArtifactId>,
    /// Its kind.
    pub kind: ManifestKind,
    /// The run that writes it, which distinguishes the writers of a distributed version.
    pub run: Option<RunAddress>,
    /// The MD5 of the manifest file's bytes, when they are to be uploaded.
    pub upload: Option<ContentDigest>,
}

/// The response to [`CreateManifest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestReceipt {
    /// The manifest's id.
    pub id: ManifestId,
    /// The ticket for uploading its bytes, if that was requested.
    pub upload: Option<UploadTicket>,
}

/// The location of the manifest file of a committed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestLocation {
    /// The ticket for downloading its bytes.
    pub ticket: DownloadTicket,
    /// The digest of its bytes, if the registry reports it.
    pub digest: Option<ContentDigest>,
}

/// A file of a pending version that may have to be sent. Source: `CreateArtifactFileSpecInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSpec {
    /// The entry's path.
    pub path: LogicalPath,
    /// The entry's digest.
    pub digest: ContentDigest,
    /// Its length in bytes; `None` where the client does not say, as the protocol's do.
    pub size: Option<u64>,
    /// The MD5 of its content, where that is not the digest and [`UploadNeeds`] asks for it.
    pub md5: Option<[u8; 16]>,
    /// The MD5 of each of its parts, in order, where [`UploadNeeds`] asks for parts; otherwise empty.
    pub part_md5s: Vec<[u8; 16]>,
    /// The key that the registry's transfer adapter gave for the content, if it took the content while it was hashed.
    pub stored_as: Option<ContentKey>,
}

/// Further digests of a file that a registry needs before it issues an upload ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UploadNeeds {
    /// The MD5, where the digest is another one.
    pub md5: bool,
    /// The MD5 of each part of this many bytes, so that they can be sent apart; the last part may be shorter.
    pub part_size: Option<u64>,
}

/// The response to one [`UploadSpec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadGrant {
    /// The version that first stored this content.
    pub birth_artifact: ArtifactId,
    /// The ticket for uploading it; `None` if the registry already has it.
    pub ticket: Option<UploadTicket>,
}

/// The identification of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactLookup {
    /// The version with this id.
    Id(ArtifactId),
    /// The version at this address.
    Address(QualifiedAddress),
}

impl fmt::Display for ArtifactLookup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

/// A committed version, as a member of one collection. Source: the `Artifact` type of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactRecord {
    /// The version's id.
    pub id: ArtifactId,
    /// The project of the collection.
    pub project: ProjectAddress,
    /// The collection.
    pub name: ArtifactName,
    /// The version within it.
    pub version: VersionIndex,
    /// The type.
    pub artifact_type: ArtifactType,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// The time to live of the version.
    pub ttl: Ttl,
    /// Its current aliases, sorted.
    pub aliases: Vec<Alias>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// The bytes of all entries, references included.
    pub size: u64,
    /// The number of entries, references included.
    pub file_count: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

impl ArtifactRecord {
    /// Returns the address that always names this version.
    #[must_use]
    pub fn address(&self) -> QualifiedAddress {
        QualifiedAddress {
            project: self.project.clone(),
            name: self.name.clone(),
            selector: crate::VersionSelector::Version(self.version),
        }
    }
}

/// A sequence with a committed version, and its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionRecord {
    /// The project it belongs to.
    pub project: ProjectAddress,
    /// Its name.
    pub name: ArtifactName,
    /// The type of its versions.
    pub artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// The number of committed versions.
    pub version_count: u64,
    /// Its newest version, if it has any.
    pub latest: Option<VersionIndex>,
    /// The bytes of that version.
    pub latest_size: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a version was last added.
    pub updated_at: Timestamp,
}

/// Changes to a committed version; `None` or an empty list leaves a field as it is. Source: `UpdateArtifactInput`, `AddAliases`
/// and `DeleteAliases` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArtifactChanges {
    /// The new description.
    pub description: Option<String>,
    /// The whole new metadata.
    pub metadata: Option<Metadata>,
    /// The new TTL.
    pub ttl: Option<Ttl>,
    /// Aliases to move here.
    pub aliases_to_add: Vec<Alias>,
    /// Aliases to remove.
    pub aliases_to_delete: Vec<Alias>,
    /// Tags to add.
    pub tags_to_add: Vec<Tag>,
    /// Tags to remove.
    pub tags_to_delete: Vec<Tag>,
}

/// A request for the content of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadRequest {
    /// The version they belong to.
    pub artifact: ArtifactId,
    /// The project of its collection.
    pub project: ProjectAddress,
    /// Its collection.
    pub name: ArtifactName,
    /// The entries, as in the manifest.
    pub entries: Vec<DownloadSpec>,
}

/// A stored entry to download. Source: `ArtifactManifestEntryInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadSpec {
    /// The entry's path.
    pub path: LogicalPath,
    /// The digest of its content.
    pub digest: ContentDigest,
    /// Its length in bytes, if the manifest has it.
    pub size: Option<u64>,
    /// The version that first stored the content, if the manifest has it.
    pub birth_artifact: Option<Arc<str>>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before; `None` for the first page.
    pub after: Option<Arc<str>>,
    /// The most items that the page may have.
    pub limit: u32,
}

impl PageRequest {
    /// Returns the request of the first page.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

/// Part of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<Arc<str>>,
}

impl From<ArtifactId> for ArtifactLookup {
    fn from(id: ArtifactId) -> Self {
        Self::Id(id)
    }
}

impl From<QualifiedAddress> for ArtifactLookup {
    fn from(address: QualifiedAddress) -> Self {
        Self::Address(address)
    }
}
