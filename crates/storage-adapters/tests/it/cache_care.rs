//! Looking after the cache: what it holds, what goes first, what is wrong.

use std::fs::{self, File, FileTimes};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use artifact_core::ports::ContentCache as _;
use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;
use storage_adapters::{Cache, CacheReport, CacheUsage, Cleaned};
use tempfile::TempDir;

/// Keeps content of this many bytes, last used so many hours ago.
fn keep(cache: &Cache, seed: u8, length: usize, hours: u64) -> (ContentDigest, PathBuf) {
    let content = vec![seed; length];
    let digest = ContentHasher::digest(DigestAlgorithm::Md5, &content);
    cache.keep_bytes(&digest, &content);
    let path = cache.find(&digest).unwrap();
    set_used(&path, hours);
    (digest, path)
}

fn set_used(path: &PathBuf, hours: u64) {
    let start = SystemTime::UNIX_EPOCH;
    let then = start + start.elapsed().unwrap() - Duration::from_hours(hours);
    let times = FileTimes::new().set_accessed(then).set_modified(then);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_times(times)
        .unwrap();
}

fn folder() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    (folder, cache)
}

#[test]
fn a_cache_that_is_not_there_holds_nothing() {
    let (_folder, cache) = folder();
    assert_eq!(cache.usage().unwrap(), CacheUsage::default());
    assert_eq!(cache.clean(0).unwrap(), Cleaned::default());
    assert_eq!(cache.verify(|_| {}).unwrap(), CacheReport::default());
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let (_folder, cache) = folder();
    let old = keep(&cache, 1, 100, 5);
    let older = keep(&cache, 2, 100, 9);
    let new = keep(&cache, 3, 100, 2);
    let cleaned = cache.clean(250).unwrap();
    assert_eq!((cleaned.removed, cleaned.left_bytes), (1, 200));
    assert!(!older.1.exists());
    // Finding is using.
    assert_eq!(cache.find(&old.0), Some(old.1.clone()));
    cache.clean(100).unwrap();
    assert!(old.1.exists() && !new.1.exists());
}

#[test]
fn what_is_remembered_of_versions_is_counted_and_goes_too() {
    let (folder, cache) = folder();
    let versions = folder.path().join(storage_adapters::VERSIONS_FOLDER);
    fs::create_dir_all(versions.join("registry/ab")).unwrap();
    let path = |name| versions.join("registry/ab").join(name);
    for name in ["old", "new", ".tmp1"] {
        fs::write(path(name), "0123456789").unwrap();
    }
    set_used(&path("old"), 9);
    let content = keep(&cache, 1, 100, 5).1;
    let usage = cache.usage().unwrap();
    assert_eq!((usage.entries, usage.bytes), (1, 100));
    assert_eq!((usage.versions, usage.version_bytes), (2, 20));
    assert_eq!((usage.temporary_files, usage.temporary_bytes), (1, 10));
    let cleaned = cache.clean(110).unwrap();
    assert_eq!((cleaned.removed, cleaned.left_bytes), (1, 110));
    assert!(!path("old").exists() && content.exists() && path("new").exists());
    assert_eq!(cache.clean(0).unwrap().left, 0);
    assert!(!path("new").exists() && path(".tmp1").exists());
    set_used(&path(".tmp1"), 2);
    assert_eq!(cache.clean_temporary().unwrap().removed_temporary, 1);
}

#[test]
fn what_a_living_process_holds_stays() {
    let (_folder, cache) = folder();
    let (_, path) = keep(&cache, 1, 100, 5);
    let held = File::open(&path).unwrap();
    held.lock_shared().unwrap();
    let cleaned = cache.clean(0).unwrap();
    assert_eq!((cleaned.in_use, cleaned.left, cleaned.removed), (1, 1, 0));
    drop(held);
    assert_eq!(cache.clean(0).unwrap().removed, 1);
    assert!(!path.exists());
}

#[test]
fn more_than_the_quota_is_removed_in_the_background() {
    let (_folder, cache) = folder();
    let old: Vec<_> = (0..10).map(|n| keep(&cache, n, 1000, 24).1).collect();
    let limited = cache.clone().with_quota(5_000);
    let content = vec![99; 1000];
    let digest = ContentHasher::digest(DigestAlgorithm::Md5, &content);
    limited.keep_bytes(&digest, &content);
    // Whoever ends waits until it is done.
    drop(limited);
    let usage = cache.usage().unwrap();
    assert!(usage.bytes <= 4_500, "{usage:?}");
    assert!(
        cache.find(&digest).is_some(),
        "what was put in just now is in use"
    );
    assert!(old.iter().any(|path| path.exists()));
}

#[test]
fn unfinished_files_go_only_when_nobody_writes_to_them() {
    let (folder, cache) = folder();
    let temporary = folder.path().join("artifacts/tmp");
    fs::create_dir_all(&temporary).unwrap();
    let (new, old) = (temporary.join("new"), temporary.join("old"));
    for path in [&new, &old] {
        fs::write(path, "unfinished").unwrap();
    }
    set_used(&old, 2);
    assert_eq!(cache.usage().unwrap().temporary_bytes, 20);
    let cleaned = cache.clean_temporary().unwrap();
    assert_eq!(
        (cleaned.removed_temporary, cleaned.removed_temporary_bytes),
        (1, 10)
    );
    assert!(new.exists() && !old.exists());
}

#[test]
fn verifying_removes_what_is_wrong_and_keeps_what_nobody_vouches_for() {
    let (folder, cache) = folder();
    let right = keep(&cache, 1, 100, 1).1;
    let wrong = keep(&cache, 2, 100, 1).1;
    fs::write(&wrong, vec![3; 100]).unwrap();
    // As the official client puts in content of an ETag.
    let unvouched = folder.path().join("artifacts/obj/etag/ab/cdef");
    fs::create_dir_all(unvouched.parent().unwrap()).unwrap();
    fs::write(&unvouched, "whatever").unwrap();
    let uri = "s3://bucket/key".parse().unwrap();
    let reference = cache
        .insert_reference(&uri, "etag", 3, &mut &b"abc"[..])
        .unwrap();
    let mut bytes = 0;
    let report = cache.verify(|more| bytes += more).unwrap();
    assert_eq!(
        (report.right, report.right_bytes, report.unvouched),
        (2, 103, 1)
    );
    assert_eq!(report.wrong, std::slice::from_ref(&wrong));
    assert_eq!(bytes, 203);
    assert!(right.exists() && !wrong.exists() && unvouched.exists());
    let usage = cache.usage().unwrap();
    assert_eq!((usage.entries, usage.references), (3, 2));
    fs::write(reference.path(), "xyz").unwrap();
    assert_eq!(cache.verify(|_| {}).unwrap().wrong, [reference.path()]);
    assert!(cache.lookup_reference(&uri, "etag", 3).unwrap().is_none());
}

#[test]
fn what_is_given_away_becomes_the_entry_itself() {
    let (folder, cache) = folder();
    fs::create_dir_all(cache.staging()).unwrap();
    let file = cache.staging().join("x");
    fs::write(&file, "hello\n").unwrap();
    let digest = ContentHasher::digest(DigestAlgorithm::Md5, b"hello\n");
    cache.adopt(&digest, &file);
    assert!(!file.exists());
    assert_eq!(fs::read(cache.find(&digest).unwrap()).unwrap(), b"hello\n");
    // What is not there any more, because somebody else gave it away, is no harm.
    cache.adopt(&digest, &folder.path().join("none"));
    assert!(cache.find(&digest).is_some());
}
