//! The cache over real folders.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use artifact_core::{ContentDigest, DigestAlgorithm, ReferenceUri};
use storage_adapters::{Cache, CacheError, CachedFile};
use tempfile::TempDir;

const MD5_PATH: &str = "artifacts/obj/md5/b1/946ac92492d2347c6235b4d2611184";
const ETAG_PATH: &str =
    "artifacts/obj/etag/31/1d69135e4da76e29348caaa7f8706a4da8af14ad2c8e419c643b981a268630";

fn folder() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("root"));
    (folder, cache)
}

fn path(folder: &TempDir, below: &str) -> PathBuf {
    folder.path().join("root").join(below)
}

fn hello() -> ContentDigest {
    ContentDigest::from_base64(DigestAlgorithm::Md5, "sZRqySSS0jR8YjW00mERhA==").unwrap()
}

fn reference() -> ReferenceUri {
    "s3://bucket/key".parse().unwrap()
}

fn text(mut file: CachedFile) -> String {
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

fn temporary_files(folder: &TempDir) -> usize {
    fs::read_dir(path(folder, "artifacts/tmp")).map_or(0, Iterator::count)
}

#[test]
fn what_was_put_in_is_found_at_the_path_of_the_official_client() {
    let (folder, cache) = folder();
    assert!(cache.lookup(&hello()).unwrap().is_none());
    let stored = cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
    assert_eq!(stored.path(), path(&folder, MD5_PATH));
    assert_eq!(stored.size(), 6);
    assert_eq!(text(stored), "hello\n");
    assert_eq!(text(cache.lookup(&hello()).unwrap().unwrap()), "hello\n");
    assert_eq!(temporary_files(&folder), 0);
}

#[test]
fn xxh128_content_has_a_folder_of_its_own() {
    let (folder, cache) = folder();
    let digest =
        ContentDigest::from_base64(DigestAlgorithm::Xxh128, "a7qGx+Bp9W1aELQ18cjknA==").unwrap();
    cache.insert(&digest, &mut "hello\n".as_bytes()).unwrap();
    assert!(
        path(
            &folder,
            "artifacts/obj/xxh128/6b/ba86c7e069f56d5a10b435f1c8e49c"
        )
        .is_file()
    );
    assert!(cache.lookup(&digest).unwrap().is_some());
    assert!(cache.lookup(&hello()).unwrap().is_none());
}

#[test]
fn content_of_the_official_client_is_found() {
    let (folder, cache) = folder();
    let path = path(&folder, MD5_PATH);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "hello\n").unwrap();
    assert_eq!(text(cache.lookup(&hello()).unwrap().unwrap()), "hello\n");
}

#[test]
fn a_wrong_entry_of_the_right_length_is_removed_where_the_official_client_uses_it() {
    let (folder, cache) = folder();
    cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
    fs::write(path(&folder, MD5_PATH), "HELLO\n").unwrap();
    assert!(cache.lookup(&hello()).unwrap().is_none());
    assert!(!path(&folder, MD5_PATH).exists());
    cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
    assert!(cache.lookup(&hello()).unwrap().is_some());
}

#[test]
fn content_of_another_digest_is_refused_and_leaves_nothing() {
    let (folder, cache) = folder();
    let refused = cache.insert(&hello(), &mut "HELLO\n".as_bytes());
    let Err(CacheError::Mismatch { expected, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(expected, "MD5:sZRqySSS0jR8YjW00mERhA==");
    assert!(!path(&folder, MD5_PATH).exists());
    assert_eq!(temporary_files(&folder), 0);
}

#[test]
fn content_that_ends_with_an_error_leaves_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let (folder, cache) = folder();
    let refused = cache.insert(&hello(), &mut "hello\n".as_bytes().chain(Broken));
    assert!(
        matches!(refused, Err(CacheError::Unreadable { .. })),
        "{refused:?}"
    );
    assert!(!path(&folder, MD5_PATH).exists());
    assert_eq!(temporary_files(&folder), 0);
}

#[test]
fn what_was_looked_up_stays_readable_when_its_path_gets_other_content() {
    let (folder, cache) = folder();
    cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
    let found = cache.lookup(&hello()).unwrap().unwrap();
    let other = folder.path().join("other");
    fs::write(&other, "HELLO\n").unwrap();
    fs::rename(other, path(&folder, MD5_PATH)).unwrap();
    assert_eq!(text(found), "hello\n");
}

#[test]
fn references_are_found_by_uri_digest_and_size() {
    let (folder, cache) = folder();
    cache
        .insert_reference(&reference(), "abc", 6, &mut "hello\n".as_bytes())
        .unwrap();
    assert!(path(&folder, ETAG_PATH).is_file());
    let find =
        |uri: &ReferenceUri, digest, size| cache.lookup_reference(uri, digest, size).unwrap();
    assert_eq!(
        find(&reference(), "abc", 6).map(text).as_deref(),
        Some("hello\n")
    );
    assert!(find(&reference(), "abc", 7).is_none());
    assert!(find(&reference(), "abd", 6).is_none());
    assert!(find(&"s3://bucket/other".parse().unwrap(), "abc", 6).is_none());
    // Another size in the question does not make the entry wrong.
    assert!(find(&reference(), "abc", 6).is_some());
}

#[test]
fn reference_content_of_another_length_is_refused() {
    let (folder, cache) = folder();
    for content in ["hello", "hello\n\n"] {
        let refused = cache.insert_reference(&reference(), "abc", 6, &mut content.as_bytes());
        assert!(
            matches!(refused, Err(CacheError::Mismatch { .. })),
            "{refused:?}"
        );
    }
    assert!(!path(&folder, ETAG_PATH).exists());
    assert_eq!(temporary_files(&folder), 0);
}

#[test]
fn a_rotten_reference_entry_is_removed_where_the_official_client_uses_it() {
    let (folder, cache) = folder();
    cache
        .insert_reference(&reference(), "abc", 6, &mut "hello\n".as_bytes())
        .unwrap();
    fs::write(path(&folder, ETAG_PATH), "HELLO\n").unwrap();
    assert!(
        cache
            .lookup_reference(&reference(), "abc", 6)
            .unwrap()
            .is_none()
    );
    assert!(!path(&folder, ETAG_PATH).exists());
}

#[test]
fn a_reference_entry_that_nobody_vouches_for_is_a_miss_and_stays() {
    let (folder, cache) = folder();
    let entry = path(&folder, ETAG_PATH);
    fs::create_dir_all(entry.parent().unwrap()).unwrap();
    fs::write(&entry, "hello\n").unwrap();
    assert!(
        cache
            .lookup_reference(&reference(), "abc", 6)
            .unwrap()
            .is_none()
    );
    assert!(entry.exists(), "it may be right, and is the other client's");
    // A note that cannot be read vouches for nothing.
    for note in [&b"not a digest"[..], b"\xff\xfe", b"", &[b'A'; 1000]] {
        fs::write(entry.with_extension("md5"), note).unwrap();
        assert!(
            cache
                .lookup_reference(&reference(), "abc", 6)
                .unwrap()
                .is_none()
        );
    }
}

#[test]
fn many_threads_put_in_and_look_up_the_same_content() {
    let (folder, cache) = folder();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Of its own, as another process has.
                let cache = Cache::new(folder.path().join("root"));
                for _ in 0..20 {
                    cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
                    cache
                        .insert_reference(&reference(), "abc", 6, &mut "hello\n".as_bytes())
                        .unwrap();
                    assert!(cache.lookup(&hello()).unwrap().is_some());
                    let found = cache.lookup_reference(&reference(), "abc", 6).unwrap();
                    assert_eq!(found.map(text).as_deref(), Some("hello\n"));
                }
            });
        }
    });
    assert!(cache.lookup(&hello()).unwrap().is_some());
    assert_eq!(temporary_files(&folder), 0);
}

#[test]
fn an_unusable_folder_is_an_error_that_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = Cache::new(&file);
    for error in [
        cache.lookup(&hello()).unwrap_err(),
        cache
            .insert(&hello(), &mut "hello\n".as_bytes())
            .unwrap_err(),
    ] {
        assert!(matches!(error, CacheError::Io { .. }), "{error:?}");
        assert!(
            error.to_string().contains(file.to_str().unwrap()),
            "{error}"
        );
    }
    let (folder, cache) = self::folder();
    fs::create_dir_all(path(&folder, MD5_PATH)).unwrap();
    let error = cache.lookup(&hello()).unwrap_err().to_string();
    assert!(error.contains(MD5_PATH), "{error}");
}

#[cfg(unix)]
#[test]
fn entries_have_the_mode_that_any_new_file_has() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, cache) = folder();
    cache.insert(&hello(), &mut "hello\n".as_bytes()).unwrap();
    let new = folder.path().join("new");
    fs::write(&new, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(path(&folder, MD5_PATH)), mode(new));
}
