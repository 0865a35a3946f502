//! Look-ups of a client, and their errors.

use artifact_store::StoreError;
use wandb_rs::{AddDir, Artifact, Client, DigestAlgorithm, Error};

use crate::drafts::artifact;
use crate::tree::{Place, files_in};

#[tokio::test]
async fn a_preview_stores_nothing() {
    let place = Place::with_tree();
    let client = place.client();
    let mut artifact = artifact();
    artifact.add_dir(place.path("tree")).unwrap();
    let prepared = client.preview(artifact).await.unwrap();
    assert_eq!(prepared.manifest.len(), 8);
    assert!(client.projects().await.unwrap().is_empty());
    assert!(client.artifact("a").await.is_err());
}

#[tokio::test]
async fn both_hash_functions_round_trip() {
    let place = Place::with_tree();
    let client = place.client();
    let mut digests = Vec::new();
    for (name, algorithm) in [
        ("md5", DigestAlgorithm::Md5),
        ("xxh128", DigestAlgorithm::Xxh128),
    ] {
        let mut artifact = Artifact::new(name, "dataset")
            .unwrap()
            .digest_algorithm(algorithm);
        artifact.add_dir(place.path("tree")).unwrap();
        let saved = client.save(artifact).await.unwrap();
        assert_eq!(saved.algorithm, algorithm);
        let root = place.path(name);
        saved.download().to(&root).await.unwrap();
        assert_eq!(files_in(&root), files_in(&place.path("tree")));
        assert!(saved.verify(&root).await.unwrap().is_ok());
        assert_eq!(saved.verify_stored().await.unwrap().ok, 8);
        digests.push(saved.digest);
    }
    assert_ne!(digests[0], digests[1]);
}

#[tokio::test]
async fn an_artifact_may_be_empty() {
    let place = Place::empty();
    let client = place.client();
    let saved = client.save(artifact()).await.unwrap();
    assert_eq!(saved.digest.to_string(), "64e7c61456b10382e2f3b571ac24b659");
    assert_eq!((saved.file_count, saved.size), (0, 0));
    let fetched = saved.download().to(place.path("copy")).await.unwrap();
    assert_eq!(fetched.placed_files, 0);
    assert!(saved.verify_stored().await.unwrap().is_ok());
}

// Where things are looked for.

#[tokio::test]
async fn what_an_address_leaves_open_comes_from_the_client() {
    let place = Place::empty();
    let client = Client::builder()
        .store(place.path("store"))
        .entity("team".parse().unwrap())
        .project("vision".parse().unwrap())
        .open()
        .unwrap();
    let saved = client.save(artifact()).await.unwrap();
    assert_eq!(saved.to_string(), "team/vision/a:v0");
    for address in [
        "a",
        "vision/a:v0",
        "team/vision/a",
        "wandb-artifact://team/vision/a:latest",
    ] {
        assert_eq!(
            client.artifact(address).await.unwrap().id,
            saved.id,
            "{address}"
        );
    }
    let elsewhere = client.artifact("other/a").await.unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        format!("there is no project team/other in {}", client.location())
    );
    let root = saved.default_root();
    assert!(root.ends_with(if cfg!(windows) { "a-v0" } else { "a:v0" }));
}

#[tokio::test]
async fn a_mistyped_name_gets_a_suggestion() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    run.log_artifact(Artifact::new("mnist", "dataset").unwrap())
        .await
        .unwrap();
    run.finish().await.unwrap();
    for (wrong, hint) in [
        ("mnsit", "did you mean mnist?"),
        ("mnist:lates", "did you mean mnist:latest?"),
        (
            "nothing-like-it",
            "`wandb-rs artifact ls` lists the artifacts",
        ),
        ("mnist:v7", "`wandb-rs artifact ls` lists the artifacts"),
    ] {
        let error = client.artifact(wrong).await.unwrap_err();
        assert_eq!(error.hint().as_deref(), Some(hint), "{wrong}");
    }
}

#[test]
fn a_client_of_an_existing_store_makes_none() {
    let place = Place::empty();
    let missing = place.path("store");
    let error = Client::builder()
        .store(&missing)
        .existing()
        .open()
        .unwrap_err();
    assert!(
        matches!(error, Error::Store(StoreError::NoStore { .. })),
        "{error}"
    );
    assert!(error.hint().is_some());
    assert!(!missing.exists());
}

// References.

#[tokio::test]
async fn a_store_is_not_logged_into_itself() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "a").unwrap();
    let client = Client::builder()
        .store(folder.path().join("store"))
        .open()
        .unwrap();
    let mut artifact = Artifact::new("all", "dataset").unwrap();
    artifact.add_dir(folder.path()).unwrap();
    let error = client.save(artifact).await.unwrap_err();
    assert!(matches!(&error, Error::OwnStore { .. }), "{error}");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("--exclude 'store'"))
    );

    let mut artifact = Artifact::new("all", "dataset").unwrap();
    artifact
        .add_dir(AddDir::new(folder.path()).exclude("store"))
        .unwrap();
    assert_eq!(client.save(artifact).await.unwrap().file_count, 1);
}
