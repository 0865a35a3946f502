//! A whole manifest in memory.

use std::convert::Infallible;
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
    /// Sorted by path, each path once. A vector, because large manifests are built and read as a whole.
    entries: Vec<(LogicalPath, ManifestEntry)>,
}

impl Manifest {
    /// Inserts `entry` at `path`, and returns the previous entry.
    ///
    /// For many entries, collecting them or [`merge`](Self::merge) is faster, unless they come in order.
    pub fn insert(&mut self, path: LogicalPath, entry: ManifestEntry) -> Option<ManifestEntry> {
        if self.entries.last().is_none_or(|(last, _)| *last < path) {
            self.entries.push((path, entry));
            return None;
        }
        match self.place(&path) {
            Ok(place) => Some(std::mem::replace(&mut self.entries[place].1, entry)),
            Err(place) => {
                self.entries.insert(place, (path, entry));
                None
            }
        }
    }

    /// Returns the entry at `path`.
    #[must_use]
    pub fn get(&self, path: &LogicalPath) -> Option<&ManifestEntry> {
        let place = self.place(path).ok()?;
        Some(&self.entries[place].1)
    }

    /// Returns the entries in the order of their paths.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&LogicalPath, &ManifestEntry)> {
        self.entries.iter().map(|(path, entry)| (path, entry))
    }

    /// Returns the entry at `path`, mutably.
    pub fn get_mut(&mut self, path: &LogicalPath) -> Option<&mut ManifestEntry> {
        let place = self.place(path).ok()?;
        Some(&mut self.entries[place].1)
    }

    /// Keeps only the entries for which `stays` returns `true`.
    pub fn retain(&mut self, mut stays: impl FnMut(&LogicalPath, &ManifestEntry) -> bool) {
        self.entries.retain(|(path, entry)| stays(path, entry));
    }

    /// Returns the index of the entry at `path`, or the index at which to insert it.
    fn place(&self, path: &LogicalPath) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| other.cmp(path))
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the total size of all entries; unknown sizes count as 0.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries
            .iter()
            .filter_map(|(_, entry)| entry.size)
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
        let mut entries = Vec::new();
        let header = read_entries(reader, limits, |path, entry| {
            entries.push((path, entry));
            Ok::<_, Infallible>(())
        })?;
        sort(&mut entries);
        if let Some([(path, _), _]) = entries.array_windows().find(|[a, b]| a.0 == b.0) {
            let twice = InvalidValue::new("manifest path", path.as_str(), "it is there twice");
            return Err(ReadError::Refused {
                path: path.clone(),
                source: twice.into(),
            });
        }
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

/// Sorts by path; those of one path stay in their order.
fn sort(entries: &mut [(LogicalPath, ManifestEntry)]) {
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
}

impl FromIterator<(LogicalPath, ManifestEntry)> for Manifest {
    /// Of several entries at one path, the last one stays.
    fn from_iter<T: IntoIterator<Item = (LogicalPath, ManifestEntry)>>(entries: T) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            sort(&mut entries);
            entries.dedup_by(|later, earlier| {
                let is_repeat = later.0 == earlier.0;
                if is_repeat {
                    std::mem::swap(later, earlier);
                }
                is_repeat
            });
        }
        Self {
            header: ManifestHeader::default(),
            entries,
        }
    }
}

impl IntoIterator for Manifest {
    type Item = (LogicalPath, ManifestEntry);
    type IntoIter = std::vec::IntoIter<(LogicalPath, ManifestEntry)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
