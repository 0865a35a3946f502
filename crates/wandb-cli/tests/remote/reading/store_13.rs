//! Versions of a server as an object store of the release before.

use futures::TryStreamExt as _;
use object_store_13::path::Path;
use object_store_13::{
    Error as StoreError, GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _,
};
use wandb_rs::object_store_13::ArtifactStore;

use super::log;
use crate::push::Place;
use crate::server::{TestServer, USER};

#[tokio::test]
async fn entries_are_read_in_place() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let files: [(&str, &[u8]); 3] = [("d/a b%.txt", b"odd"), ("long", b"0123456789"), ("x", b"")];
    log(&place, &client, "data", &files).await;
    let url = format!("artifact://{USER}/demo/data:v0/long");
    let (store, path) = ArtifactStore::open(&client, &url).unwrap();
    assert_eq!(store.to_string(), format!("artifact://{USER}"));
    let meta = store.head(&path).await.unwrap();
    assert_eq!((meta.size, meta.version.as_deref()), (10, Some("v0")));
    assert_eq!(store.get_range(&path, 2..5).await.unwrap(), "234");
    let options = GetOptions::new().with_range(Some(GetRange::Suffix(3)));
    let end = store.get_opts(&path, options).await.unwrap();
    assert_eq!(end.range, 7..10);
    assert_eq!(end.bytes().await.unwrap(), "789");
    let options = GetOptions::new().with_if_none_match(meta.e_tag);
    let error = store.get_opts(&path, options).await.unwrap_err();
    assert!(matches!(error, StoreError::NotModified { .. }), "{error}");

    let version = Path::from("demo/data:v0");
    let listed: Vec<_> = store.list(Some(&version)).try_collect().await.unwrap();
    assert_eq!(listed.len(), 3);
    for meta in listed {
        let content = store.get(&meta.location).await.unwrap();
        let content = content.bytes().await.unwrap();
        assert_eq!(content.len() as u64, meta.size, "{}", meta.location);
    }
    let level = store.list_with_delimiter(Some(&version)).await.unwrap();
    assert_eq!(level.common_prefixes, [version.clone().join("d")]);
    assert_eq!(level.objects.len(), 2);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_is_written() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let logged = log(&place, &client, "data", &[("a", b"a")]).await;
    let store = ArtifactStore::of_entity(&client, USER.parse().unwrap());
    for none in ["demo/data:v0/b", "demo/data:v7/a", "none/data:v0/a"] {
        let error = store.get(&Path::from(none)).await.unwrap_err();
        assert!(
            matches!(error, StoreError::NotFound { .. }),
            "{none}: {error}"
        );
    }
    let store = ArtifactStore::of_version(logged);
    let path = Path::from("a");
    let errors = [
        store.put(&path, "x".into()).await.map(drop),
        store.put_multipart(&path).await.map(drop),
        store.delete(&path).await,
        store.copy(&path, &Path::from("b")).await,
        store.rename(&path, &Path::from("b")).await,
    ];
    for error in errors {
        assert!(
            matches!(error, Err(StoreError::NotSupported { .. })),
            "{error:?}"
        );
    }
}
