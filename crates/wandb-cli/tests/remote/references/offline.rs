//! References whose content was fetched before are read again without asking anybody.

use std::fs;

use wandb_rs::{Artifact, LoggedArtifact};

use super::Place;
use super::objects::Objects;
use crate::server::USER;

/// Logs an artifact that refers to an object and to a local file, gets it, and returns it as an offline client finds it.
async fn fetched(place: &Place, objects: &Objects) -> LoggedArtifact {
    let local = place.write("local.txt", "here");
    let client = place.client();
    let mut artifact = Artifact::new("refs", "dataset").unwrap();
    for uri in [
        format!("{}/bucket/a.txt", objects.url()),
        format!("file://{}", local.display()),
    ] {
        artifact.add_reference(uri.as_str()).unwrap();
    }
    client.save(artifact).await.unwrap();
    let address = format!("{USER}/demo/refs:v0");
    let found = client.artifact(&*address).await.unwrap();
    let first = found.download().to(place.path("first"));
    first.allow_local_references().await.unwrap();
    _ = objects.asked();
    let offline = place.builder().offline().open().unwrap();
    offline.artifact(&*address).await.unwrap()
}

#[tokio::test]
async fn what_the_cache_has_of_references_is_read_and_nobody_is_asked() {
    let objects = Objects::start(&[("bucket/a.txt", "there")]);
    let place = Place::remote();
    let found = fetched(&place, &objects).await;
    let again = found.download().to(place.path("again"));
    again.allow_local_references().await.unwrap();
    assert_eq!(fs::read(place.path("again/a.txt")).unwrap(), b"there");
    assert_eq!(fs::read(place.path("again/local.txt")).unwrap(), b"here");
    assert_eq!(found.read("a.txt").await.unwrap(), b"there");
    assert_eq!(objects.asked(), [""; 0]);
}

#[tokio::test]
async fn what_the_cache_does_not_have_is_an_error_that_names_it() {
    let objects = Objects::start(&[("bucket/a.txt", "there")]);
    let place = Place::remote();
    let found = fetched(&place, &objects).await;
    fs::remove_dir_all(place.path("cache/artifacts/obj/etag")).unwrap();
    let error = found.read("a.txt").await.unwrap_err();
    let (error, uri) = (chain(&error), format!("{}/bucket/a.txt", objects.url()));
    assert!(error.contains(&uri) && error.contains("offline"), "{error}");
    assert_eq!(objects.asked(), [""; 0]);
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(chain);
    format!("{error}: {}", cause.unwrap_or_default())
}
