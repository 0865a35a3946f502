//! Which entries of a version are wanted.

use artifact_core::LogicalPath;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::FetchOptions;
use crate::FlowError;

/// Which entries of a version are wanted.
pub(super) struct Selection {
    prefix: Option<String>,
    /// `None` for all.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    pub(super) fn of(options: &FetchOptions) -> Result<Self, FlowError> {
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

    pub(super) fn wants(&self, path: &LogicalPath) -> bool {
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
