//! What goes into and comes out of the registry port.

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
    /// The run that logs it; `None` where a person does, outside a run.
    pub run: Option<RunId>,
    /// The digest of the entries that come with it: of all, or of those that are this writer's share, or an increment.
    pub digest: ArtifactDigest,
    /// The hash function of that digest and the entries'.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// How long the version is kept.
    pub ttl: Ttl,
    /// The aliases that move to the version when it is committed.
    pub aliases: Vec<Alias>,
    /// The tags of the version.
    pub tags: Vec<Tag>,
    /// What its writers have in common, where several write it: all that create one with this id get the same pending
    /// version, until it is committed.
    pub distributed_id: Option<String>,
    /// Whether the entries come on top of those of the newest version.
    pub is_incremental: bool,
}

/// The answer to [`CreateArtifact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedArtifact {
    /// The version's id.
    pub id: ArtifactId,
    /// [`ArtifactState::Committed`] where the collection has a version with this digest already: nothing is left to do.
    pub state: ArtifactState,
    /// The newest version of the collection, if there is one.
    pub latest: Option<ArtifactId>,
}

/// What a manifest holds of its version. Source: `ArtifactManifestType` of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifestKind {
    /// Every entry.
    Full,
    /// One writer's part of a version that several write.
    Patch,
    /// What comes on top of the version that it follows.
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
    /// What it holds.
    pub kind: ManifestKind,
    /// The run that writes it, which tells the writers of one version apart.
    pub run: Option<RunAddress>,
    /// The MD5 of the manifest file's bytes, when they are to be uploaded.
    pub upload: Option<ContentDigest>,
}

/// The answer to [`CreateManifest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestReceipt {
    /// The manifest's id.
    pub id: ManifestId,
    /// Where to send its bytes, when that was asked for.
    pub upload: Option<UploadTicket>,
}

/// Where the manifest file of a committed version can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestLocation {
    /// Where its bytes are.
    pub ticket: DownloadTicket,
    /// The digest of its bytes, where the registry knows it.
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

/// What a registry must know of a file, beside its digest, before it says where to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UploadNeeds {
    /// The MD5, where the digest is another one.
    pub md5: bool,
    /// The MD5 of each part of this many bytes, so that they can be sent apart; the last part may be shorter.
    pub part_size: Option<u64>,
}

/// The answer for one [`UploadSpec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadGrant {
    /// The version that first stored this content.
    pub birth_artifact: ArtifactId,
    /// Where to send it; `None` where the registry has it already.
    pub ticket: Option<UploadTicket>,
}

/// Which version is meant.
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

/// A committed version as the registry knows it. Source: the `Artifact` type of the wire protocol.
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
    /// How long the version is kept.
    pub ttl: Ttl,
    /// The aliases it bears now, sorted.
    pub aliases: Vec<Alias>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// The bytes of all entries, references included.
    pub size: u64,
    /// How many entries it has, references included.
    pub file_count: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something about it changed last.
    pub updated_at: Timestamp,
}

impl ArtifactRecord {
    /// Returns the address that will always mean this version.
    #[must_use]
    pub fn address(&self) -> QualifiedAddress {
        QualifiedAddress {
            project: self.project.clone(),
            name: self.name.clone(),
            selector: crate::VersionSelector::Version(self.version),
        }
    }
}

/// A collection as the registry knows it.
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
    /// How many versions it has.
    pub version_count: u64,
    /// Its newest version, if it has any.
    pub latest: Option<VersionIndex>,
    /// The bytes of that version.
    pub latest_size: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a version was added last.
    pub updated_at: Timestamp,
}

/// What to change of a committed version; what is `None` or empty stays. Source: `UpdateArtifactInput`, `AddAliases`
/// and `DeleteAliases` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArtifactChanges {
    /// The new description.
    pub description: Option<String>,
    /// The new metadata, in whole.
    pub metadata: Option<Metadata>,
    /// The new TTL.
    pub ttl: Option<Ttl>,
    /// Aliases to move here.
    pub aliases_to_add: Vec<Alias>,
    /// Aliases to take away.
    pub aliases_to_delete: Vec<Alias>,
    /// Tags to add.
    pub tags_to_add: Vec<Tag>,
    /// Tags to take away.
    pub tags_to_delete: Vec<Tag>,
}

/// Entries whose content is wanted.
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

/// A stored entry whose content is wanted. Source: `ArtifactManifestEntryInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadSpec {
    /// The entry's path.
    pub path: LogicalPath,
    /// The digest of its content.
    pub digest: ContentDigest,
    /// Its length in bytes, where the manifest says it.
    pub size: Option<u64>,
    /// The version that first stored the content, where the manifest says it.
    pub birth_artifact: Option<Arc<str>>,
}

/// Which part of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// What the page before gave as `next`; `None` for the first page.
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
    /// What to ask for next; `None` when this is the last page.
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
