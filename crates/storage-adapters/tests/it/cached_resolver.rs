//! The cache in front of a resolver.

use std::fs;
use std::sync::Arc;

use artifact_core::ports::{
    Fetched, ReferenceObject, ReferenceResolver, ResolveError, TransferError,
};
use artifact_core::{ContentDigest, EntryDigest, ReferenceUri};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use resolver_conformance::{Capability, Fixture, MemoryStore};
use storage_adapters::{Cache, CachedResolver};
use tempfile::TempDir;

struct Cached {
    store: MemoryStore,
    folder: TempDir,
}

impl Cached {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn over(&self, inner: Arc<dyn ReferenceResolver>) -> CachedResolver {
        CachedResolver::new(inner, Cache::new(self.folder.path()))
    }

    async fn object(&self, checksum: bool) -> ReferenceObject {
        self.store.put("data/a.txt", b"hello\n").await;
        let uri = self.store.uri("data/a.txt");
        self.store
            .resolve(&uri, checksum)
            .try_next()
            .await
            .unwrap()
            .unwrap()
    }
}

#[async_trait]
impl Fixture for Cached {
    fn resolver(&self) -> Arc<dyn ReferenceResolver> {
        Arc::new(self.over(self.store.resolver()))
    }

    fn capability(&self) -> Capability {
        self.store.capability()
    }

    fn uri(&self, path: &str) -> ReferenceUri {
        self.store.uri(path)
    }

    async fn put(&self, path: &str, content: &[u8]) {
        self.store.put(path, content).await;
    }

    async fn remove(&self, path: &str) {
        self.store.remove(path).await;
    }
}

mod contract {
    async fn cached() -> super::Cached {
        super::Cached::new()
    }

    resolver_conformance::resolver_conformance!(cached);
}

/// Opens whatever it is asked for with what `content` makes.
struct Fixed<F>(F);

impl<F> std::fmt::Debug for Fixed<F> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Fixed")
    }
}

#[async_trait]
impl<F: Fn() -> Fetched + Send + Sync + 'static> ReferenceResolver for Fixed<F> {
    fn resolve(
        &self,
        _: &ReferenceUri,
        _: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        stream::empty().boxed()
    }

    async fn open(&self, _: &ReferenceObject) -> Result<Fetched, ResolveError> {
        Ok((self.0)())
    }
}

fn chunks(chunks: &[&'static str]) -> Fetched {
    let chunks: Vec<_> = chunks
        .iter()
        .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
        .collect();
    Fetched::Stream(stream::iter(chunks).boxed())
}

async fn read(fetched: Fetched) -> Result<Vec<u8>, TransferError> {
    match fetched {
        Fetched::Stream(chunks) => chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await,
        Fetched::File(path) => Ok(fs::read(path).unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn text(fetched: Fetched) -> String {
    String::from_utf8(read(fetched).await.unwrap()).unwrap()
}

fn entries(fixture: &Cached) -> usize {
    fs::read_dir(fixture.folder.path().join("artifacts/obj")).map_or(0, Iterator::count)
}

fn temporary_files(fixture: &Cached) -> usize {
    fs::read_dir(fixture.folder.path().join("artifacts/tmp")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn content_is_asked_for_once() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    for _ in 0..3 {
        // A new one each time, as another process has.
        assert_eq!(
            text(fixture.resolver().open(&object).await.unwrap()).await,
            "hello\n"
        );
    }
    assert_eq!(fixture.store.opened(), 1);
}

#[tokio::test]
async fn rotten_content_is_asked_for_again() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    text(fixture.resolver().open(&object).await.unwrap()).await;
    let EntryDigest::Opaque(etag) = &object.digest else {
        panic!("{object:?}");
    };
    let cache = Cache::new(fixture.folder.path());
    let entry = cache
        .lookup_reference(&object.uri, etag, 6)
        .unwrap()
        .unwrap();
    fs::write(entry.path(), "HELLO\n").unwrap();
    assert_eq!(
        text(fixture.resolver().open(&object).await.unwrap()).await,
        "hello\n"
    );
    assert_eq!(fixture.store.opened(), 2);
}

#[tokio::test]
async fn an_object_whose_content_nothing_identifies_is_asked_for_every_time() {
    let fixture = Cached::new();
    let unread = fixture.object(false).await;
    let no_size = ReferenceObject {
        size: None,
        ..fixture.object(true).await
    };
    for object in [unread, no_size] {
        let before = fixture.store.opened();
        for _ in 0..2 {
            assert_eq!(
                text(fixture.resolver().open(&object).await.unwrap()).await,
                "hello\n"
            );
        }
        assert_eq!(fixture.store.opened() - before, 2);
    }
    assert_eq!(entries(&fixture), 0);
}

#[tokio::test]
async fn a_local_file_is_not_copied_into_the_cache() {
    let fixture = Cached::new();
    let object = ReferenceObject {
        uri: "file:///x".parse().unwrap(),
        ..fixture.object(true).await
    };
    let resolver = fixture.over(Arc::new(Fixed(|| Fetched::File("/x".into()))));
    let opened = resolver.open(&object).await.unwrap();
    assert!(matches!(opened, Fetched::File(path) if path.as_os_str() == "/x"));
    assert_eq!(entries(&fixture), 0);
}

#[tokio::test]
async fn content_that_comes_as_a_file_is_cached_too() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    let file = fixture.folder.path().join("file");
    fs::write(&file, "hello\n").unwrap();
    let path = file.clone();
    let resolver = fixture.over(Arc::new(Fixed(move || Fetched::File(path.clone()))));
    assert_eq!(text(resolver.open(&object).await.unwrap()).await, "hello\n");
    fs::remove_file(&file).unwrap();
    assert_eq!(text(resolver.open(&object).await.unwrap()).await, "hello\n");
}

#[tokio::test]
async fn other_content_than_was_recorded_ends_in_an_error_and_is_not_cached() {
    let fixture = Cached::new();
    let etag = fixture.object(true).await;
    let digest = ContentDigest::Md5(md5_lanes::Md5::digest(b"hello\n")).into();
    let content = ReferenceObject {
        digest,
        ..etag.clone()
    };
    for (object, given) in [
        (&etag, "hello"),
        (&etag, "hello\n\n"),
        (&content, "HELLO\n"),
    ] {
        let resolver = fixture.over(Arc::new(Fixed(move || chunks(&[given]))));
        let read = read(resolver.open(object).await.unwrap()).await;
        assert!(
            matches!(read, Err(TransferError::Corrupt { .. })),
            "{given:?}: {read:?}"
        );
    }
    assert_eq!((entries(&fixture), temporary_files(&fixture)), (0, 0));
}

#[tokio::test]
async fn content_that_is_cut_short_by_an_error_is_not_cached() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    let resolver = fixture.over(Arc::new(Fixed(|| {
        let broken = TransferError::Gone {
            place: "the store".into(),
        };
        let items = [Ok(Bytes::from_static(b"hello\n")), Err(broken)];
        Fetched::Stream(stream::iter(items).boxed())
    })));
    let read = read(resolver.open(&object).await.unwrap()).await;
    assert_eq!(
        read.unwrap_err().to_string(),
        "the content is gone from the store"
    );
    while temporary_files(&fixture) != 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!((entries(&fixture), temporary_files(&fixture)), (0, 0));
}

#[tokio::test]
async fn content_that_is_not_read_to_its_end_leaves_nothing_in_the_cache() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    let resolver = fixture.over(Arc::new(Fixed(|| {
        let all = stream::iter([Ok(Bytes::from_static(b"hello\n"))]);
        Fetched::Stream(all.chain(stream::pending()).boxed())
    })));
    let Fetched::Stream(mut content) = resolver.open(&object).await.unwrap() else {
        panic!("a file");
    };
    assert_eq!(content.next().await.unwrap().unwrap(), "hello\n");
    while temporary_files(&fixture) == 0 {
        tokio::task::yield_now().await;
    }
    drop(content);
    while temporary_files(&fixture) != 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(entries(&fixture), 0);
}

#[tokio::test]
async fn content_comes_without_a_cache_that_cannot_be_used() {
    let fixture = Cached::new();
    let object = fixture.object(true).await;
    let file = fixture.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let resolver = CachedResolver::new(fixture.store.resolver(), Cache::new(&file));
    for _ in 0..2 {
        let opened = resolver.open(&object).await.unwrap();
        assert_eq!(text(opened).await, "hello\n");
    }
    assert_eq!(fixture.store.opened(), 2);
    assert_eq!(fs::read(&file).unwrap(), b"");
}
