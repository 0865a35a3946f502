//! Which entries of a version are wanted.

use artifact_core::LogicalPath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::FlowError;

/// What of a version is wanted, and how.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct FetchOptions {
    /// Only entries whose path starts with this text; a trailing `/` makes it a folder.
    pub path_prefix: Option<String>,
    /// Only entries that one of these patterns matches; `*` stays within a folder, `**` does not.
    pub include: Vec<String>,
    /// No entries that one of these patterns matches, whatever else says that they are wanted.
    pub exclude: Vec<String>,
    /// Whether names are an error that some system cannot hold: those that differ only in case, and those that Windows
    /// refuses. Without it they are one only where the folder cannot hold them.
    pub portable: bool,
    /// Whether files that do not belong to the version are removed from the folder.
    pub exact: bool,
    /// Whether a reference whose content is gone is skipped, and told of, instead of being an error.
    pub allow_missing_references: bool,
    /// Whether references to files of this machine are read. Only where whoever logged the version may read them anyway,
    /// as in a store of one's own: the manifest of a registry elsewhere could name any file, and without a digest.
    pub allow_local_references: bool,
    /// How much is moved at a time.
    pub limits: FetchLimits,
}

/// Which entries of a version are wanted.
pub(super) struct Selection {
    prefix: Option<String>,
    /// `None` for all.
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

/// How much a fetch moves at a time. The defaults suit a fast line; memory is bounded by
/// [`buffered_bytes`](Self::buffered_bytes), whatever the number and the size of the files.
///
/// Of what a registry answers with local files, nothing of this applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// The most streams that are open at once.
    pub streams: usize,
    /// The most bytes that wait in memory to be written. One file, or 2 MiB of a larger one, may always wait.
    pub buffered_bytes: u64,
    /// The longest file, in bytes, that is collected in memory, and then written together with others.
    pub collected_bytes: u64,
    /// The shortest file, in bytes, that is fetched in parts, and whose parts outlive a process that is killed.
    pub parted_from: u64,
    /// How many bytes are asked for at once of such a file.
    pub part_bytes: u64,
    /// How many bytes of such a file are recorded at a time as being there.
    pub piece_bytes: u64,
    /// The most parts of one file that are fetched at once.
    pub parts_at_once: usize,
    /// How many entries the registry is asked for at a time. Source: the page size of wandb 0.31.0.
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
