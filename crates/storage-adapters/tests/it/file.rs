//! The resolver of `file:` URIs over real folders.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _};
use resolver_conformance::{Capability, Fixture};
use storage_adapters::FileResolver;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The path without the leading slash.
    fn text(&self) -> String {
        self.path()
            .to_str()
            .unwrap()
            .trim_start_matches('/')
            .to_owned()
    }
}

#[async_trait]
impl Fixture for Folder {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(FileResolver::new())
    }

    fn capability(&self) -> Capability {
        Capability {
            folders: true,
            any_name: cfg!(unix),
            flat: false,
            versions: false,
        }
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        format!("file:///{}/{path}", self.text()).parse().unwrap()
    }

    async fn put(&self, path: &str, content: &[u8]) {
        self.write(path, content);
    }

    async fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }
}

mod contract {
    async fn folder() -> super::Folder {
        super::Folder::new()
    }

    resolver_conformance::resolver_conformance!(folder);
}

type Resolved = Result<Vec<ReferenceObject>, ResolveError>;

async fn resolve_text(uri: &str, checksum: bool) -> Resolved {
    FileResolver::new()
        .resolve(&uri.parse().unwrap(), checksum)
        .try_collect()
        .await
}

async fn resolve(folder: &Folder, path: &str) -> Resolved {
    FileResolver::new()
        .resolve(&folder.uri(path), true)
        .try_collect()
        .await
}

fn paths(objects: &[ReferenceObject]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object.relative_path.as_str())
        .collect()
}

fn unsupported(resolved: Resolved) -> String {
    match resolved {
        Err(error @ ResolveError::Unsupported { .. }) => error.to_string(),
        other => panic!("should be Unsupported: {other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_recorded_as_by_the_official_client_under_every_spelling() {
    let folder = Folder::new();
    folder.write("a b/hello.txt", "hello\n");
    let root = folder.text();
    for uri in [
        format!("file:///{root}/a b/hello.txt"),
        format!("file:///{root}/a%20b/hello.txt"),
        format!("file:/{root}/a b/hello.txt"),
        format!("file://localhost/{root}/a b/hello.txt"),
        format!("FILE:///{root}/a b/hello.txt"),
    ] {
        let objects = resolve_text(&uri, true).await.unwrap();
        let [object] = objects.as_slice() else {
            panic!("{objects:?}");
        };
        assert_eq!(object.uri.as_str(), uri.replace("FILE", "file"));
        assert_eq!(object.relative_path, "hello.txt");
        assert_eq!(object.digest.to_string(), "sZRqySSS0jR8YjW00mERhA==");
        assert!(object.digest.content().is_some());
        assert_eq!(object.size, Some(6));
        assert!(object.extra.is_empty());
    }
}

#[tokio::test]
async fn a_relative_uri_is_relative_to_the_current_folder() {
    let objects = resolve_text("file:tests/it", true).await.unwrap();
    assert_eq!(paths(&objects).first(), Some(&"cache.rs"));
    assert_eq!(objects[0].uri.as_str(), "file:tests/it/cache.rs");
}

#[tokio::test]
async fn many_files_of_all_sizes_keep_their_order_and_digests() {
    let folder = Folder::new();
    // Small, empty and large ones mixed, and more than a batch holds.
    for n in 0..500_usize {
        let length = [0, 10, 3000, 128 * 1024, 128 * 1024 + 1, 700_000][n % 6] / (1 + n % 5);
        folder.write(
            &format!("d{}/{n:03}", n % 7),
            vec![n.to_le_bytes()[0]; length],
        );
    }
    let objects = resolve(&folder, "").await.unwrap();
    assert_eq!(objects.len(), 500);
    assert!(paths(&objects).is_sorted());
    for object in objects {
        let content = fs::read(folder.path().join(&object.relative_path)).unwrap();
        let expected = artifact_core::ContentDigest::Md5(md5_lanes::Md5::digest(&content));
        assert_eq!(
            object.digest,
            EntryDigest::Content(expected),
            "{}",
            object.relative_path
        );
        assert_eq!(object.size, Some(content.len() as u64));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn without_checksum_the_digest_is_the_md5_of_the_resolved_uri_as_by_the_official_client() {
    let folder = Folder::new();
    folder.write("real/é f.txt", "hello\n");
    std::os::unix::fs::symlink(folder.path().join("real"), folder.path().join("link")).unwrap();
    let objects = resolve_text(folder.uri("link").as_str(), false)
        .await
        .unwrap();
    let resolved = folder.path().canonicalize().unwrap();
    let uri = format!("file://{}/real/%C3%A9%20f.txt", resolved.to_str().unwrap());
    let expected = artifact_core::ContentDigest::Md5(md5_lanes::Md5::digest(uri.as_bytes()));
    assert_eq!(
        objects[0].digest,
        EntryDigest::Opaque(expected.to_string().into())
    );
    assert_eq!(objects[0].size, Some(6));
    assert_eq!(objects[0].uri, folder.uri("link/é f.txt"));
}

#[test]
fn the_digest_without_checksum_of_the_official_test_file() {
    let digest = md5_lanes::Md5::digest(b"file:///data/hello.txt");
    assert_eq!(
        artifact_core::ContentDigest::Md5(digest).to_string(),
        "6b6Xsx4qIheQjgQutb/gLw=="
    );
}

#[tokio::test]
async fn an_empty_folder_is_not_found_where_the_official_client_gives_no_entries() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
    let found = resolve(&folder, "a").await;
    assert!(
        matches!(found, Err(ResolveError::NotFound { .. })),
        "{found:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn names_are_encoded_so_that_they_can_be_read_back_where_the_official_client_does_not() {
    let folder = Folder::new();
    folder.write("50%25#1?.txt", "odd\n");
    let objects = resolve(&folder, "").await.unwrap();
    assert_eq!(objects[0].relative_path, "50%25#1?.txt");
    assert!(
        objects[0].uri.as_str().ends_with("/50%2525%231%3F.txt"),
        "{}",
        objects[0].uri.as_str()
    );
    let opened = FileResolver::new().open(&objects[0]).await.unwrap();
    assert!(matches!(opened, Fetched::File(path) if fs::read(&path).unwrap() == b"odd\n"));
}

#[tokio::test]
async fn a_foreign_host_is_an_error_where_the_official_client_ignores_it() {
    assert!(unsupported(resolve_text("file://server/etc/hostname", true).await).contains("server"));
}

#[tokio::test]
async fn a_stream_ends_with_its_first_error_after_what_came_before() {
    let folder = Folder::new();
    folder.write("a.txt", "a\n");
    folder.write("c.txt", "c\n");
    folder.write("b\nb", "b\n");
    let found: Vec<_> = FileResolver::new()
        .resolve(&folder.uri(""), true)
        .collect()
        .await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].as_ref().unwrap().relative_path, "a.txt");
    let Err(error @ ResolveError::Name { source, .. }) = &found[1] else {
        panic!("{found:?}");
    };
    assert_eq!(source.text(), "b\nb", "{error}");
}

#[tokio::test]
async fn open_of_a_file_of_another_length_is_changed_even_without_a_content_digest() {
    let folder = Folder::new();
    folder.write("a.txt", "a\n");
    let objects = resolve_text(folder.uri("a.txt").as_str(), false)
        .await
        .unwrap();
    folder.write("a.txt", "longer\n");
    let opened = FileResolver::new().open(&objects[0]).await;
    let Err(ResolveError::Changed {
        recorded, found, ..
    }) = opened
    else {
        panic!("{opened:?}");
    };
    assert_eq!((recorded.as_str(), found.as_str()), ("2 bytes", "7 bytes"));
}

#[tokio::test]
async fn open_of_a_folder_names_it() {
    let folder = Folder::new();
    folder.write("a.txt", "a\n");
    let mut object = resolve(&folder, "a.txt").await.unwrap().remove(0);
    object.uri = folder.uri("");
    let opened = FileResolver::new().open(&object).await;
    let Err(error @ ResolveError::Unsupported { .. }) = opened else {
        panic!("{opened:?}");
    };
    assert!(error.to_string().contains("is a folder"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn links_to_files_are_followed_and_links_to_folders_are_not() {
        let folder = Folder::new();
        folder.write("outside/f.txt", "f\n");
        folder.write("d/a.txt", "a\n");
        symlink("../outside", folder.path().join("d/folder-link")).unwrap();
        symlink("..", folder.path().join("d/loop")).unwrap();
        symlink("../outside/f.txt", folder.path().join("d/file-link")).unwrap();
        let objects = resolve(&folder, "d").await.unwrap();
        assert_eq!(paths(&objects), ["a.txt", "file-link"]);
        assert_eq!(objects[1].uri, folder.uri("d/file-link"));
        assert_eq!(objects[1].size, Some(2));
    }

    #[tokio::test]
    async fn a_folder_can_be_reached_by_a_link() {
        let folder = Folder::new();
        folder.write("d/a.txt", "a\n");
        symlink("d", folder.path().join("link")).unwrap();
        assert_eq!(paths(&resolve(&folder, "link").await.unwrap()), ["a.txt"]);
    }

    #[tokio::test]
    async fn a_broken_link_is_an_error_that_names_it_and_its_target() {
        let folder = Folder::new();
        folder.write("d/a.txt", "a\n");
        symlink("/nowhere/x", folder.path().join("d/link")).unwrap();
        let error = unsupported(resolve(&folder, "d").await);
        assert!(
            error.contains("d/link is a symbolic link to /nowhere/x"),
            "{error}"
        );
        // Asked for by its own URI, nothing is there.
        let found = resolve(&folder, "d/link").await;
        assert!(
            matches!(found, Err(ResolveError::NotFound { .. })),
            "{found:?}"
        );
    }

    #[tokio::test]
    async fn a_link_to_itself_is_an_error_that_names_it() {
        let folder = Folder::new();
        fs::create_dir(folder.path().join("d")).unwrap();
        symlink("link", folder.path().join("d/link")).unwrap();
        let found = resolve(&folder, "d").await;
        let Err(ResolveError::Backend { source, .. }) = found else {
            panic!("{found:?}");
        };
        assert!(source.to_string().ends_with("d/link"), "{source}");
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_an_error_that_names_it() {
        let folder = Folder::new();
        folder.write("d/a.txt", "a\n");
        let _socket = UnixListener::bind(folder.path().join("d/s")).unwrap();
        for path in ["d", "d/s"] {
            let error = unsupported(resolve(&folder, path).await);
            assert!(error.contains("d/s is a socket"), "{error}");
        }
        let error = unsupported(resolve_text("file:///dev/null", true).await);
        assert!(error.contains("/dev/null is a character device"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_named_pipe_is_an_error_and_never_waited_for() {
        use rustix::fs::{CWD, Mode, mkfifoat};
        let folder = Folder::new();
        fs::create_dir(folder.path().join("d")).unwrap();
        mkfifoat(CWD, folder.path().join("d/pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        symlink("pipe", folder.path().join("d/link")).unwrap();
        for path in ["d", "d/pipe", "d/link"] {
            let error = unsupported(resolve(&folder, path).await);
            assert!(error.contains("is a named pipe"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_utf8_is_an_error_that_names_it() {
        let folder = Folder::new();
        let name = OsStr::from_bytes(b"caf\xe9.txt");
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d").join(name), "x").unwrap();
        for uri in ["d", "d/caf%E9.txt"] {
            let found = resolve(&folder, uri).await;
            let Err(ResolveError::Name { uri, source }) = found else {
                panic!("{found:?}");
            };
            assert!(source.text().ends_with("d/caf\u{fffd}.txt"), "{source}");
            assert!(uri.as_str().ends_with("d/caf%E9.txt"), "{}", uri.as_str());
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_an_error_that_names_it_and_ends_the_stream() {
        let folder = Folder::new();
        folder.write("d/a.txt", "a\n");
        folder.write("d/c.txt", "c\n");
        // A regular file whose first byte nobody can read, the superuser included.
        symlink("/proc/self/mem", folder.path().join("d/b")).unwrap();
        let uri = folder.uri("d");
        let found: Vec<_> = FileResolver::new().resolve(&uri, true).collect().await;
        let [Ok(first), Err(ResolveError::Backend { source, .. })] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(first.relative_path, "a.txt");
        let path = folder.path().join("d/b");
        assert_eq!(
            source.to_string(),
            format!("cannot read {}", path.display())
        );
    }
}
