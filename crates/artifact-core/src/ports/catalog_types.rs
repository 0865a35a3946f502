//! What goes into and comes out of the catalog port.

use std::fmt;

use super::registry_types::PageRequest;
use super::transfer::DownloadTicket;
use crate::records::{CollectionId, CollectionKind};
use crate::{ArtifactName, ArtifactType, ContentDigest, ProjectAddress, Tag, Timestamp};

/// Which part of a listing is wanted, of what, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Which part.
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

/// Which versions of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunRelation {
    /// Those that it logged.
    Logged,
    /// Those that it uses.
    Used,
}

/// Which files of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileSelection {
    /// Only these, if any are given.
    pub names: Vec<String>,
    /// Only those whose name is like this, with `%` and `_` as in SQL's `LIKE`.
    pub pattern: Option<String>,
}

/// A file of a run. Source: the `RunFile` type of the wire protocol.
///
/// Its URLs may authorise whoever holds them, so they are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RunFileRecord {
    /// Its path within the run, as the registry says it: it may be none that a file here could have.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The MD5 of its bytes, where the registry knows it.
    pub md5: Option<ContentDigest>,
    /// Its type, where the registry knows it.
    pub mimetype: Option<String>,
    /// When it was stored last.
    pub updated_at: Timestamp,
    /// Where it can be had with the credentials.
    pub url: String,
    /// Where it lies, readable without credentials; such URLs of servers expire.
    pub direct_url: String,
    /// How the registry's transfer finds it.
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

/// A collection of either kind, with what may be changed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionDetails {
    /// Its id.
    pub id: CollectionId,
    /// What it is.
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
    /// How many committed versions it has.
    pub version_count: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something about it changed last.
    pub updated_at: Timestamp,
}

/// What to change of a collection; what is `None` or empty stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionEdits {
    /// The new name.
    pub name: Option<ArtifactName>,
    /// The new description.
    pub description: Option<String>,
    /// Tags to add.
    pub tags_to_add: Vec<Tag>,
    /// Tags to take away.
    pub tags_to_delete: Vec<Tag>,
}

/// Whether a version that bears aliases may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AliasedDeletion {
    /// It is refused.
    Refuse,
    /// The aliases go with it.
    DeleteAliases,
}
