//! The journal of a writer: keys of content that may be an orphan.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use artifact_core::ContentKey;

use super::layout::{StoreLayout, files_in, remove_if_there};
use super::unique_name;
use artifact_store::StoreError;

const KEY_BYTES: usize = 32;

/// The length at which a journal is compacted, in keys.
const MIN_COMPACTED_KEYS: usize = 32_768;

/// A file of keys, 32 bytes each, in the order in which they were appended.
#[derive(Debug)]
pub(super) struct OrphanJournal {
    path: PathBuf,
    /// A compacted journal is written here before it takes the place of this one.
    draft: PathBuf,
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    file: File,
    /// The number of keys.
    length: usize,
}

impl OrphanJournal {
    /// Creates the journal of a writer.
    pub(super) fn create(layout: &StoreLayout) -> Result<Self, StoreError> {
        let name = format!("{}.keys", unique_name());
        let path = layout.sessions().join(&name);
        let content = Content {
            file: create(&path)?,
            length: 0,
        };
        Ok(Self {
            path,
            draft: layout.drafts().join(name),
            content: Mutex::new(content),
        })
    }

    /// Writes keys as a journal of their own, which belongs to no writer.
    pub(super) fn write(
        layout: &StoreLayout,
        keys: impl Iterator<Item = ContentKey>,
    ) -> Result<(), StoreError> {
        let path = layout.sessions().join(format!("{}.keys", unique_name()));
        let bytes: Vec<u8> = keys.flat_map(|key| *key.as_bytes()).collect();
        fs::write(&path, bytes).map_err(StoreError::io("write", path))
    }

    /// Appends a key. It is in the file when this returns, so that it outlives the process.
    pub(super) fn append(&self, key: &ContentKey) -> Result<(), StoreError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let written = content.file.write_all(key.as_bytes());
        written.map_err(StoreError::io("write", &self.path))?;
        content.length += 1;
        Ok(())
    }

    /// Drops all keys but those that `unsettled` returns, where that makes a long journal much shorter.
    ///
    /// At no instant is one of those missing from the file. Keys that are appended meanwhile wait, and follow them.
    pub(super) fn compact(
        &self,
        unsettled: impl FnOnce() -> Vec<ContentKey>,
    ) -> Result<(), StoreError> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.length < MIN_COMPACTED_KEYS {
            return Ok(());
        }
        let unsettled = unsettled();
        if content.length / 2 < unsettled.len() {
            return Ok(());
        }
        remove_if_there(&self.draft)?;
        let mut file = create(&self.draft)?;
        let bytes: Vec<u8> = unsettled.iter().flat_map(|key| *key.as_bytes()).collect();
        file.write_all(&bytes)
            .and_then(|()| file.sync_data())
            .map_err(StoreError::io("write", &self.draft))?;
        fs::rename(&self.draft, &self.path).map_err(StoreError::io("store", &self.path))?;
        *content = Content {
            file,
            length: unsettled.len(),
        };
        Ok(())
    }

    /// Removes the journal: nothing of what it holds can be an orphan any more.
    pub(super) fn remove(&self) -> Result<(), StoreError> {
        remove_if_there(&self.path)
    }
}

/// Creates a file that is only ever appended to.
fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    let opened = options.create_new(true).append(true).open(path);
    opened.map_err(StoreError::io("create", path))
}

/// Returns the journals of all writers that have not left cleanly.
pub(super) fn journals(layout: &StoreLayout) -> Result<Vec<PathBuf>, StoreError> {
    files_in(&layout.sessions())
}

/// Returns the keys in a journal. A key that was cut off in the middle is ignored: its content was not put.
pub(super) fn keys_in(journal: &Path) -> Result<Vec<ContentKey>, StoreError> {
    let bytes = fs::read(journal).map_err(StoreError::io("read", journal))?;
    let (keys, _) = bytes.as_chunks::<KEY_BYTES>();
    Ok(keys
        .iter()
        .map(|key| ContentKey::from_bytes(*key))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> ContentKey {
        let mut bytes = [0; KEY_BYTES];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        ContentKey::from_bytes(bytes)
    }

    #[test]
    fn a_long_journal_is_compacted_to_the_unsettled_keys() -> Result<(), StoreError> {
        const LONG: usize = MIN_COMPACTED_KEYS;

        let folder = tempfile::tempdir().unwrap();
        let layout = StoreLayout::new(folder.path());
        layout.create()?;
        let journal = OrphanJournal::create(&layout)?;
        for number in 0..LONG - 1 {
            journal.append(&key(number))?;
        }
        journal.compact(Vec::new)?;
        assert_eq!(keys_in(&journal.path)?.len(), LONG - 1, "not long");
        journal.append(&key(LONG - 1))?;

        journal.compact(|| (0..LONG - 1).map(key).collect())?;
        assert_eq!(keys_in(&journal.path)?.len(), LONG, "no gain");

        journal.compact(|| vec![key(3), key(5)])?;
        journal.append(&key(7))?;
        assert_eq!(keys_in(&journal.path)?, [key(3), key(5), key(7)]);
        assert_eq!(journals(&layout)?, std::slice::from_ref(&journal.path));
        assert!(files_in(&layout.drafts())?.is_empty());
        Ok(())
    }
}
