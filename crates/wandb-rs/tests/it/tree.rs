//! Folders of files to log, and to compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wandb_rs::Client;

/// The folder of the page on creating artifacts, with hidden files besides.
pub(crate) const TREE: &[(&str, &str)] = &[
    (".dotfile", "dot\n"),
    (".hidden/x", "hidden\n"),
    ("checkpoints/model.h5", "checkpoint\n"),
    ("hello.txt", "hello\n"),
    ("images/cat.png", "cat\n"),
    ("images/dog.png", "dog\n"),
    ("model.h5", "model\n"),
    ("models/model.h5", "other model\n"),
];

/// A folder with a store in it, and files beside it.
#[derive(Debug)]
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Returns a place with [`TREE`] in its folder `tree`.
    pub(crate) fn with_tree() -> Self {
        let place = Self::empty();
        for (path, content) in TREE {
            place.write(&format!("tree/{path}"), content);
        }
        place
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn client(&self) -> Client {
        Client::builder().store(self.path("store")).open().unwrap()
    }
}

/// Returns every file below `folder`, by path; none if there is no such folder.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(folder).unwrap();
                files.insert(
                    relative.to_str().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    files
}
