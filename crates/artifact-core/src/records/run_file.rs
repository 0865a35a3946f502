//! Files of runs.

use crate::ports::DownloadTicket;
use crate::{ContentDigest, LogicalPath, Timestamp};

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Its number, unique in the registry.
    pub number: i64,
    /// Its path within the run.
    pub name: LogicalPath,
    /// Its length in bytes.
    pub size: u64,
    /// The MD5 of its bytes.
    pub md5: ContentDigest,
    /// Its type, by the ending of its name.
    pub mimetype: Option<String>,
    /// When it was last stored.
    pub updated_at: Timestamp,
    /// The ticket that its content is downloaded with.
    pub ticket: DownloadTicket,
}
