//! Parameters and results of the catalog port.

use std::fmt;

use super::registry_types::PageRequest;
use super::transfer::DownloadTicket;
use crate::records::{CollectionId, CollectionKind};
use crate::{ArtifactName, ArtifactType, ContentDigest, ProjectAddress, Tag, Timestamp};

/// A page of a filtered and ordered listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// The page.
    pub page: PageRequest,
    /// JSON text: `{"name": "…"}`, with the operators `$and $or $nor $not $lt $gt $lte $gte $eq $ne $in $nin $exists
    /// $regex $contains $size $all`. `None` for all.
    pub filter: Option<String>,
    /// A field after `+` or `-`, as `-created_at`; several are separated by commas. `None` for the listing's own order.
    pub order: Option<String>,
}

impl ListRequest {
    /// Returns the request of the first page of everything.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self {
            page: PageRequest::first(limit),
            filter: None,
            order: None,
        }
    }
}

/// The relation of a run to versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunRelation {
    /// It logged them.
    Logged,
    /// It uses them.
    Used,
}

/// A selection of a run's files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileSelection {
    /// Only files of these names, if any are given.
    pub names: Vec<String>,
    /// Only files whose names match this pattern, with `%` and `_` as in SQL's `LIKE`.
    pub pattern: Option<String>,
}

/// A file of a run. Source: the `RunFile` type of the wire protocol.
///
/// Its URLs may authorise their holder, so they are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RunFileRecord {
    /// Its path within the run, as the registry reports it: not every such name is valid for a local file.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The MD5 of its bytes, where the registry knows it.
    pub md5: Option<ContentDigest>,
    /// Its type, where the registry knows it.
    pub mimetype: Option<String>,
    /// When it was last stored.
    pub updated_at: Timestamp,
    /// Its URL, for requests with the credentials.
    pub url: String,
    /// Its URL for requests without credentials; those of servers expire.
    pub direct_url: String,
    /// The ticket that the registry's transfer downloads it with.
    pub ticket: DownloadTicket,
}

impl fmt::Debug for RunFileRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunFileRecord")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("md5", &self.md5)
            .finish_non_exhaustive()
    }
}

/// A collection of either kind, and its number of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionDetails {
    /// Its id.
    pub id: CollectionId,
    /// Its kind.
    pub kind: CollectionKind,
    /// Its project.
    pub project: ProjectAddress,
    /// Its name.
    pub name: ArtifactName,
    /// The type of its versions.
    pub artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// The number of committed versions.
    pub version_count: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// Changes to a collection; `None` or an empty list leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionEdits {
    /// The new name.
    pub name: Option<ArtifactName>,
    /// The new description.
    pub description: Option<String>,
    /// Tags to add.
    pub tags_to_add: Vec<Tag>,
    /// Tags to remove.
    pub tags_to_delete: Vec<Tag>,
}

/// The handling of a version that has aliases when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AliasedDeletion {
    /// The deletion is refused.
    Refuse,
    /// The aliases are deleted with it.
    DeleteAliases,
}
