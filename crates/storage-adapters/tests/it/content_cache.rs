//! The cache as the port that fetching goes through.

use std::fs;
use std::path::{Path, PathBuf};

use artifact_core::ports::ContentCache;
use artifact_core::{ContentDigest, DigestAlgorithm};
use storage_adapters::Cache;
use tempfile::TempDir;

const MD5_PATH: &str = "artifacts/obj/md5/b1/946ac92492d2347c6235b4d2611184";

fn hello() -> ContentDigest {
    ContentDigest::from_base64(DigestAlgorithm::Md5, "sZRqySSS0jR8YjW00mERhA==").unwrap()
}

fn write(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn content(path: Option<PathBuf>) -> Option<String> {
    path.map(|path| fs::read_to_string(path).unwrap())
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

#[test]
fn what_was_kept_is_found_where_the_official_client_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    assert_eq!(cache.find(&hello()), None);
    let file = write(&folder, "file", "hello\n");
    cache.keep(&hello(), &file);
    assert_eq!(cache.find(&hello()), Some(folder.path().join(MD5_PATH)));
    fs::write(&file, "changed").unwrap();
    assert_eq!(content(cache.find(&hello())).unwrap(), "hello\n");
    assert!(is_empty(&folder.path().join("artifacts/tmp")));
}

#[test]
fn what_is_distrusted_is_gone_until_it_is_kept_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    write(&folder, MD5_PATH, "HELLO\n");
    assert_eq!(content(cache.find(&hello())).unwrap(), "HELLO\n");
    cache.distrust(&hello());
    cache.distrust(&hello());
    assert_eq!(cache.find(&hello()), None);
    cache.keep(&hello(), &write(&folder, "file", "hello\n"));
    assert_eq!(content(cache.find(&hello())).unwrap(), "hello\n");
}

#[test]
fn an_entry_of_another_length_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    write(&folder, MD5_PATH, "hel");
    cache.keep(&hello(), &write(&folder, "file", "hello\n"));
    assert_eq!(content(cache.find(&hello())).unwrap(), "hello\n");
}

#[test]
fn a_folder_or_a_link_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let entry = folder.path().join(MD5_PATH);
    fs::create_dir_all(&entry).unwrap();
    assert_eq!(cache.find(&hello()), None);
    fs::remove_dir(&entry).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(write(&folder, "file", "hello\n"), &entry).unwrap();
    assert_eq!(cache.find(&hello()), None);
}

#[test]
fn a_cache_that_cannot_be_written_misses() {
    let folder = tempfile::tempdir().unwrap();
    let root = write(&folder, "not-a-folder", "");
    let cache = Cache::new(root);
    cache.keep(&hello(), &write(&folder, "file", "hello\n"));
    cache.keep(&hello(), &folder.path().join("missing"));
    assert_eq!(cache.find(&hello()), None);
    cache.distrust(&hello());
}
