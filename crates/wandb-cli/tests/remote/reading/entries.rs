//! One file of a version.

use std::fs;

use tokio::io::AsyncReadExt as _;
use wandb_rs::{Error, FlowError};

use super::{bytes, log};
use crate::push::Place;
use crate::server::TestServer;

#[tokio::test]
async fn files_are_read_whole_by_range_and_from_the_cache() {
    let place = Place::new();
    let server = TestServer::start();
    let (short, long) = (bytes(1, 10_000), bytes(2, 9 << 20));
    let files: [(&str, &[u8]); 3] = [("short", &short), ("d/long", &long), ("empty", b"")];
    log(&place, &place.remote(&server), "data", &files).await;
    // A new cache, so that all comes from the server.
    let other = Place::new();
    let client = other.remote(&server);
    let found = client
        .artifact(&*format!("{}/demo/data:v0", crate::server::USER))
        .await
        .unwrap();
    let kept = || fs::read_dir(other.path("cache/artifacts/obj/md5")).map_or(0, Iterator::count);

    // A range of what is long is fetched by itself.
    assert_eq!(found.read_range("d/long", 5..9).await.unwrap(), &long[5..9]);
    let end = long.len() as u64;
    assert_eq!(
        found.read_range("d/long", end - 3..end).await.unwrap(),
        &long[long.len() - 3..]
    );
    assert_eq!(kept(), 1, "only the manifest is in the cache");
    // What is short is fetched whole, verified, and kept.
    assert_eq!(
        found.read_range("short", 100..200).await.unwrap(),
        &short[100..200]
    );
    assert_eq!(kept(), 2);
    assert_eq!(
        found.read_range("empty", 0..0).await.unwrap(),
        b"".as_slice()
    );
    for (path, content) in files {
        assert_eq!(found.read(path).await.unwrap(), content);
        let mut read = Vec::new();
        found
            .open(path)
            .await
            .unwrap()
            .read_to_end(&mut read)
            .await
            .unwrap();
        assert_eq!(read, content);
    }
    for (from, to) in [(0, end + 1), (end + 1, end + 1), (5, 4)] {
        let range = from..to;
        let error = found.read_range("d/long", range).await.unwrap_err();
        assert!(
            matches!(error, Error::Flow(FlowError::Range { .. })),
            "{error:?}"
        );
    }
    let error = found.open("none").await.unwrap_err();
    assert!(
        error.to_string().ends_with("data:v0 has no entry none"),
        "{error}"
    );

    let file = found.cached_file("d/long").await.unwrap();
    assert!(
        file.path()
            .starts_with(other.path("cache/artifacts/obj/md5"))
    );
    assert_eq!(fs::read(file.path()).unwrap(), long);
    let again = found.cached_file("d/long").await.unwrap();
    assert_eq!(again.path(), file.path());
    assert!(!other.path("cache/wandb-rs-staging").join("x").exists());
    // From now on a range is of what was verified; the server is not needed.
    drop(server);
    assert_eq!(
        found.read_range("d/long", 7..11).await.unwrap(),
        &long[7..11]
    );
}

#[tokio::test]
async fn a_cached_file_that_somebody_wrote_to_is_not_given_out() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let logged = log(&place, &client, "data", &[("a", b"right")]).await;
    let path = logged.cached_file("a").await.unwrap().path().to_owned();
    fs::write(&path, b"wrong").unwrap();
    assert_eq!(logged.read("a").await.unwrap(), b"right");
    let file = logged.cached_file("a").await.unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), b"right");
}

#[tokio::test]
async fn what_is_held_stays_when_the_cache_is_cleaned() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let logged = log(
        &place,
        &client,
        "data",
        &[("a", b"held"), ("b", b"not held")],
    )
    .await;
    let held = logged.cached_file("a").await.unwrap();
    let path = logged.cached_file("b").await.unwrap().path().to_owned();
    let cache = wandb_rs::folders::content_cache(&place.settings()).unwrap();
    let cleaned = cache.clean(0).unwrap();
    assert_eq!((cleaned.in_use, cleaned.left), (1, 1), "{cleaned:?}");
    assert!(held.path().exists() && !path.exists());
    drop(held);
    assert_eq!(cache.clean(0).unwrap().left, 0);
    assert_eq!(logged.read("a").await.unwrap(), b"held");
}
