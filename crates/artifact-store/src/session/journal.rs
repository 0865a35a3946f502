//! The file with the keys of what a writer has placed.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use artifact_core::ContentKey;

use crate::StoreError;
use crate::layout::{StoreLayout, files_in, remove_if_there};

const KEY_BYTES: usize = 32;

/// The shortest journal that is worth being written anew, in keys.
const LONG: usize = 32_768;

/// The keys of what a writer has placed, or is about to.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// Where a new journal is written before it takes this one's place.
    draft: PathBuf,
    file: File,
    length: usize,
}

impl Journal {
    /// Creates the journal of the session `name`.
    pub(super) fn create(layout: &StoreLayout, name: &str) -> Result<Self, StoreError> {
        let path = layout.sessions().join(format!("{name}.keys"));
        Ok(Self {
            file: create(&path)?,
            draft: layout.drafts().join(format!("{name}.keys")),
            path,
            length: 0,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a key. It is in the file when this returns, so that it outlives the process.
    pub(super) fn append(&mut self, key: &ContentKey) -> Result<(), StoreError> {
        let written = self.file.write_all(key.as_bytes());
        written.map_err(StoreError::io("write", &self.path))?;
        self.length += 1;
        Ok(())
    }

    /// Forgets all keys but `unsettled`, where that makes a long journal much shorter.
    ///
    /// At no instant is one of those missing from the file.
    pub(super) fn shorten_to(&mut self, unsettled: &[ContentKey]) -> Result<(), StoreError> {
        if self.length < LONG || self.length / 2 < unsettled.len() {
            return Ok(());
        }
        remove_if_there(&self.draft)?;
        let mut file = create(&self.draft)?;
        let bytes = unsettled
            .iter()
            .flat_map(ContentKey::as_bytes)
            .copied()
            .collect::<Vec<_>>();
        file.write_all(&bytes)
            .and_then(|()| file.sync_data())
            .map_err(StoreError::io("write", &self.draft))?;
        fs::rename(&self.draft, &self.path).map_err(StoreError::io("store", &self.path))?;
        self.file = file;
        self.length = unsettled.len();
        Ok(())
    }
}

/// Creates a file that is only ever added to.
fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    let opened = options.create_new(true).append(true).open(path);
    opened.map_err(StoreError::io("create", path))
}

/// Returns the journals of all sessions that have not ended cleanly.
pub(crate) fn journals(layout: &StoreLayout) -> Result<Vec<PathBuf>, StoreError> {
    files_in(&layout.sessions())
}

/// Returns the keys in a journal. One that was cut off in the middle counts for nothing: its blob was not placed.
pub(crate) fn announced_keys(journal: &Path) -> Result<Vec<ContentKey>, StoreError> {
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
    fn a_long_journal_is_written_anew_with_what_is_unsettled() -> Result<(), StoreError> {
        let folder = tempfile::tempdir().unwrap();
        let layout = StoreLayout::new(folder.path());
        layout.create()?;
        let mut journal = Journal::create(&layout, "one")?;
        for number in 0..LONG - 1 {
            journal.append(&key(number))?;
        }
        journal.shorten_to(&[])?;
        assert_eq!(announced_keys(journal.path())?.len(), LONG - 1, "not long");
        journal.append(&key(LONG - 1))?;

        let most: Vec<_> = (0..LONG - 1).map(key).collect();
        journal.shorten_to(&most)?;
        assert_eq!(announced_keys(journal.path())?.len(), LONG, "no gain");

        journal.shorten_to(&[key(3), key(5)])?;
        journal.append(&key(7))?;
        let path = journal.path().to_path_buf();
        assert_eq!(announced_keys(&path)?, [key(3), key(5), key(7)]);
        assert_eq!(journals(&layout)?, [path]);
        assert!(files_in(&layout.drafts())?.is_empty());
        Ok(())
    }
}
