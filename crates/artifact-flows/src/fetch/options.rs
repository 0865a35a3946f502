//! Options for a download: which entries, which rules, which limits.

use artifact_core::LogicalPath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::FlowError;

/// Options for a download.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct FetchOptions {
    /// Only entries whose path starts with this text; a trailing `/` makes it a folder.
    pub path_prefix: Option<String>,
    /// Only entries that one of these patterns matches; `*` stays within a folder, `**` does not.
    pub include: Vec<String>,
    /// No entries that match one of these patterns; takes precedence over the other filters.
    pub exclude: Vec<String>,
    /// Whether file names that some operating system cannot hold are an error: names that differ only in case, and
    /// names that Windows refuses. By default they are an error only where the folder itself cannot hold them.
    pub portable: bool,
    /// Whether files that are not part of the version are removed from the folder.
    pub exact: bool,
    /// Whether a reference whose content is gone is skipped and reported, instead of being an error.
    pub allow_missing_references: bool,
    /// Whether references to files of this machine are read. Enable it only where the author of the version may read
    /// them anyway, as in the user's own store: the manifest of another registry could name any file, without a digest.
    pub allow_local_references: bool,
    /// Concurrency and memory limits.
    pub limits: FetchLimits,
}

/// Filter over the entries of a version.
pub(super) struct Selection {
    prefix: Option<String>,
    /// `None` matches all.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    pub(super) fn new(options: &FetchOptions) -> Result<Self, FlowError> {
        let include = match &*options.include {
            [] => None,
            patterns => Some(globs(patterns)?),
        };
        Ok(Self {
            prefix: options.path_prefix.clone(),
            include,
            exclude: globs(&options.exclude)?,
        })
    }

    pub(super) fn matches(&self, path: &LogicalPath) -> bool {
        let path = path.as_str();
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let is_included = |globs: &GlobSet| globs.is_match(path);
        path.starts_with(prefix)
            && self.include.as_ref().is_none_or(is_included)
            && !self.exclude.is_match(path)
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, FlowError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let error = |source| FlowError::Pattern {
            pattern: pattern.clone(),
            source,
        };
        set.add(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(error)?,
        );
    }
    set.build().map_err(|source| FlowError::Pattern {
        pattern: patterns.join(" "),
        source,
    })
}

/// Concurrency and memory limits of a download. The defaults suit a fast connection; memory is bounded by
/// [`buffered_bytes`](Self::buffered_bytes), whatever the number and size of the files.
///
/// Registries that answer with local files are not limited by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// Maximum number of open streams.
    pub streams: usize,
    /// Maximum bytes held in memory before they are written. One file, or 2 MiB of a larger one, is always admitted.
    pub buffered_bytes: u64,
    /// Largest file, in bytes, that is collected in memory and written together with others.
    pub collected_bytes: u64,
    /// Smallest file, in bytes, that is downloaded in ranges, which survive a killed process.
    pub parted_from: u64,
    /// Bytes per range request of such a file.
    pub part_bytes: u64,
    /// Bytes per piece, the unit in which progress of such a file is recorded.
    pub piece_bytes: u64,
    /// Maximum number of concurrent range requests of one file.
    pub parts_at_once: usize,
    /// Entries per ticket request. Source: the page size of wandb 0.31.0.
    pub batch: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            streams: 64,
            buffered_bytes: 64 << 20,
            collected_bytes: 2 << 20,
            parted_from: 64 << 20,
            part_bytes: 32 << 20,
            piece_bytes: 8 << 20,
            parts_at_once: 8,
            batch: 5_000,
        }
    }
}
