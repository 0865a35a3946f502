//! A whole manifest in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read, Write};

use artifact_core::{ArtifactDigest, DigestAlgorithm, InvalidValue, LogicalPath};

use crate::{
    ArtifactDigester, ManifestEntry, ManifestHeader, ManifestWriter, ReadError, ReadLimits,
    read_entries,
};

/// A whole manifest: its header, and its entries in the order of their paths.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    /// Everything but the entries.
    pub header: ManifestHeader,
    entries: BTreeMap<LogicalPath, ManifestEntry>,
}

impl Manifest {
    /// Puts `entry` at `path`, and returns what was there.
    pub fn insert(&mut self, path: LogicalPath, entry: ManifestEntry) -> Option<ManifestEntry> {
        self.entries.insert(path, entry)
    }

    /// Returns the entry at `path`.
    #[must_use]
    pub fn get(&self, path: &LogicalPath) -> Option<&ManifestEntry> {
        self.entries.get(path)
    }

    /// Returns the entries in the order of their paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&LogicalPath, &ManifestEntry)> {
        self.entries.iter()
    }

    /// Returns the entry at `path`, to be changed.
    pub fn get_mut(&mut self, path: &LogicalPath) -> Option<&mut ManifestEntry> {
        self.entries.get_mut(path)
    }

    /// Returns how many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the bytes of all entries; those of unknown size count nothing.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries
            .values()
            .filter_map(|entry| entry.size)
            .fold(0, u64::saturating_add)
    }

    /// Returns the artifact's digest.
    #[must_use]
    pub fn digest(&self, algorithm: DigestAlgorithm) -> ArtifactDigest {
        let mut digester = ArtifactDigester::new(algorithm);
        for (path, entry) in &self.entries {
            digester.entry(path, &entry.digest);
        }
        digester.finish()
    }

    /// Reads a manifest file.
    ///
    /// # Errors
    /// As [`read_entries`], and when a path is there twice.
    pub fn read(reader: impl Read, limits: &ReadLimits) -> Result<Self, ReadError> {
        let mut entries = BTreeMap::new();
        let header = read_entries(reader, limits, |path, entry| match entries.entry(path) {
            Entry::Vacant(place) => {
                place.insert(entry);
                Ok(())
            }
            Entry::Occupied(taken) => Err(InvalidValue::new(
                "manifest path",
                taken.key().as_str(),
                "it is there twice",
            )),
        })?;
        Ok(Self { header, entries })
    }

    /// Writes the manifest file.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write<W: Write>(&self, out: W) -> std::io::Result<W> {
        let mut writer = ManifestWriter::new(out, &self.header)?;
        for (path, entry) in &self.entries {
            writer.entry(path, entry)?;
        }
        writer.finish()
    }
}

impl FromIterator<(LogicalPath, ManifestEntry)> for Manifest {
    fn from_iter<T: IntoIterator<Item = (LogicalPath, ManifestEntry)>>(entries: T) -> Self {
        Self {
            header: ManifestHeader::default(),
            entries: entries.into_iter().collect(),
        }
    }
}

impl IntoIterator for Manifest {
    type Item = (LogicalPath, ManifestEntry);
    type IntoIter = std::collections::btree_map::IntoIter<LogicalPath, ManifestEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
