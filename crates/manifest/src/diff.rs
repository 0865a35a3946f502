//! Differences between two manifests.

use artifact_core::LogicalPath;

use crate::{Manifest, ManifestEntry};

/// One path at which two manifests differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change<'a> {
    /// Only the newer manifest has it.
    Added(&'a ManifestEntry),
    /// Only the older manifest has it.
    Removed(&'a ManifestEntry),
    /// Both have it, with different digests.
    Changed {
        /// In the older manifest.
        old: &'a ManifestEntry,
        /// In the newer manifest.
        new: &'a ManifestEntry,
    },
}

/// The differences between an older and a newer manifest, in the order of the paths.
///
/// Entries with equal digests are equal; other fields are not compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestDiff<'a>(Vec<(&'a LogicalPath, Change<'a>)>);

impl Manifest {
    /// Compares this manifest with a newer one.
    #[must_use]
    pub fn diff<'a>(&'a self, newer: &'a Self) -> ManifestDiff<'a> {
        let (mut old, mut new) = (self.iter().peekable(), newer.iter().peekable());
        let mut changes = Vec::new();
        loop {
            let (path, change) = match (old.peek(), new.peek()) {
                (None, None) => return ManifestDiff(changes),
                (Some(&(path, entry)), None) => (path, Change::Removed(entry)),
                (None, Some(&(path, entry))) => (path, Change::Added(entry)),
                (Some(&(before, entry)), Some(&(after, _))) if before < after => {
                    (before, Change::Removed(entry))
                }
                (Some(&(before, _)), Some(&(after, entry))) if after < before => {
                    (after, Change::Added(entry))
                }
                (Some(&(path, old)), Some(&(_, new))) => (path, Change::Changed { old, new }),
            };
            if !matches!(change, Change::Added(_)) {
                old.next();
            }
            if !matches!(change, Change::Removed(_)) {
                new.next();
            }
            if !matches!(change, Change::Changed { old, new } if old.digest == new.digest) {
                changes.push((path, change));
            }
        }
    }
}

impl<'a> ManifestDiff<'a> {
    /// Returns the paths that differ and how, in the order of the paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a LogicalPath, Change<'a>)> {
        self.0.iter().copied()
    }

    /// Returns whether there are no differences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
