//! Versions of a server as an object store.

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error as StoreError, GetOptions, ObjectStore as _, ObjectStoreExt as _};
use wandb_rs::object_store::ArtifactStore;

use super::{bytes, log};
use crate::push::Place;
use crate::server::{TestServer, USER};

#[tokio::test]
async fn entries_are_read_in_place() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let long = bytes(3, 9 << 20);
    let files: [(&str, &[u8]); 4] = [
        ("d/long", &long),
        ("d/e/a b%.txt", b"odd"),
        ("d2", b"2"),
        ("x", b""),
    ];
    let logged = log(&place, &client, "data", &files).await;
    // A cache of its own, so that ranges come from the server.
    let other = Place::new();
    let client = other.remote(&server);
    let url = format!("artifact://{USER}/demo/data:v0/d/long");
    let (store, path) = ArtifactStore::open(&client, &url).unwrap();
    let meta = store.head(&path).await.unwrap();
    assert_eq!((meta.size, meta.version.as_deref()), (9 << 20, Some("v0")));
    let ranges = [1..4, 5_000_000..5_000_010];
    let parts = store.get_ranges(&path, &ranges).await.unwrap();
    assert_eq!(parts[0], &long[1..4]);
    assert_eq!(parts[1], &long[5_000_000..5_000_010]);
    let most = store.get_range(&path, 1..(9 << 20)).await.unwrap();
    assert_eq!(most, &long[1..]);
    assert_eq!(
        store.get(&path).await.unwrap().bytes().await.unwrap(),
        &long[..]
    );
    let options = GetOptions::new().with_if_none_match(meta.e_tag.clone());
    let error = store.get_opts(&path, options).await.unwrap_err();
    assert!(matches!(error, StoreError::NotModified { .. }), "{error}");

    let version = Path::from("demo/data:v0");
    let listed: Vec<_> = store.list(Some(&version)).try_collect().await.unwrap();
    assert_eq!(listed.len(), 4);
    for meta in listed {
        let content = store
            .get(&meta.location)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert_eq!(content.len() as u64, meta.size, "{}", meta.location);
    }
    let level = store.list_with_delimiter(Some(&version)).await.unwrap();
    let names = |paths: Vec<Path>| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(level.common_prefixes), ["demo/data:v0/d"]);
    let objects = level.objects.into_iter().map(|meta| meta.location);
    assert_eq!(
        names(objects.collect()),
        ["demo/data:v0/d2", "demo/data:v0/x"]
    );

    let one = ArtifactStore::of_version(logged);
    assert_eq!(
        one.get_range(&Path::from("d/long"), 0..3).await.unwrap(),
        &long[..3]
    );
    let listed: Vec<_> = one
        .list(Some(&Path::from("d")))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_is_written() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    log(&place, &client, "data", &[("a", b"a")]).await;
    let store = ArtifactStore::of_entity(&client, USER.parse().unwrap());
    for none in [
        "demo/data:v0/b",
        "demo/data:v7/a",
        "demo/none:v0/a",
        "none/data:v0/a",
    ] {
        let error = store.get(&Path::from(none)).await.unwrap_err();
        assert!(
            matches!(error, StoreError::NotFound { .. }),
            "{none}: {error}"
        );
    }
    let path = Path::from("demo/data:v0/a");
    let errors = [
        store.put(&path, "x".into()).await.map(drop),
        store.delete(&path).await,
        store.copy(&path, &Path::from("b")).await,
        store.rename(&path, &Path::from("b")).await,
        store
            .list(Some(&Path::from("demo")))
            .try_collect::<Vec<_>>()
            .await
            .map(drop),
    ];
    for error in errors {
        assert!(
            matches!(error, Err(StoreError::NotSupported { .. })),
            "{error:?}"
        );
    }
    for url in ["s3://a/b", "artifact://a", "artifact:///p/n:v0/x"] {
        assert!(ArtifactStore::open(&client, url).is_err(), "{url}");
    }
}
