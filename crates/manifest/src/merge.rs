//! Merging of the manifests of several writers.

use artifact_core::LogicalPath;

use crate::{Manifest, ManifestEntry};

/// Two parts hold different content at one path.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("two parts hold different content at {path}: {} and {}", first.digest, second.digest)]
pub struct MergeConflict {
    /// The path.
    pub path: LogicalPath,
    /// The entry of this manifest.
    pub first: Box<ManifestEntry>,
    /// The entry of the patch.
    pub second: Box<ManifestEntry>,
}

impl Manifest {
    /// Adds the entries of `patch`. At a path of both, the content must be the same, and this manifest's entry stays.
    ///
    /// Parts without conflict give the same entries in whatever order they are merged.
    ///
    /// # Errors
    /// [`MergeConflict`] for the first path with different content. This manifest is then unchanged.
    pub fn merge(&mut self, patch: Self) -> Result<(), MergeConflict> {
        let differs = |(path, second): &(&LogicalPath, &ManifestEntry)| {
            self.get(path)
                .is_some_and(|first| first.digest != second.digest)
        };
        if let Some((path, second)) = patch.iter().find(differs) {
            let first = self.get(path).unwrap_or(second).clone();
            return Err(MergeConflict {
                path: path.clone(),
                first: first.into(),
                second: second.clone().into(),
            });
        }
        // Of two entries at one path, the last one stays.
        let own = std::mem::take(self);
        let header = own.header.clone();
        *self = patch.into_iter().chain(own).collect();
        self.header = header;
        Ok(())
    }
}
