//! Logging, saving, using: versions in order, and runs.

use serde_json::json;
use wandb_rs::{Artifact, Client};

use crate::drafts::{numbered, run_ids};
use crate::tree::{Place, files_in};

async fn assert_in_order(client: &Client, name: &str, count: u32) {
    for index in 0..count {
        let found = client
            .artifact(format!("{name}:v{index}").as_str())
            .await
            .unwrap();
        assert_eq!(
            found.metadata.as_map()["index"],
            json!(index),
            "{name}:v{index}"
        );
    }
    let latest = client.artifact(name).await.unwrap();
    assert_eq!(latest.version.get(), count - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_one_name_get_versions_in_the_order_of_the_calls() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    let handles: Vec<_> = (0..10)
        .map(|index| {
            // The first are the slowest.
            let bytes = vec![u8::try_from(index).unwrap(); 4 << 20 >> (2 * index)];
            run.log_artifact(numbered("race", index, &bytes))
        })
        .collect();
    for (index, handle) in handles.into_iter().enumerate().rev() {
        let logged = handle.await.unwrap();
        assert_eq!(logged.version.get() as usize, index);
    }
    run.finish().await.unwrap();
    assert_in_order(&client, "race", 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finishing_a_run_waits_for_logs_that_nobody_awaits() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    for index in 0..10 {
        drop(run.log_artifact(numbered("race", index, &[u8::try_from(index).unwrap()])));
    }
    run.finish().await.unwrap();
    assert_in_order(&client, "race", 10).await;
}

#[tokio::test]
async fn a_log_that_fails_does_not_hold_up_the_next() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    let gone = place.write("gone", "x");
    let mut broken = Artifact::new("a", "dataset").unwrap();
    broken.add_file(&gone).unwrap();
    std::fs::remove_file(&gone).unwrap();
    let broken = run.log_artifact(broken);
    let fine = run.log_artifact(numbered("a", 0, b"x"));
    assert_eq!(fine.await.unwrap().version.get(), 0);
    let error = broken.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} cannot be read", gone.display())
    );
}

#[tokio::test]
async fn what_has_the_same_content_is_the_version_that_is_there() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    let first = run
        .log_artifact(numbered("a", 0, b"x"))
        .details()
        .await
        .unwrap();
    let again = run
        .log_artifact(numbered("a", 1, b"x"))
        .details()
        .await
        .unwrap();
    let other = run
        .log_artifact(numbered("a", 2, b"y"))
        .details()
        .await
        .unwrap();
    assert_eq!(first.artifact.id, again.artifact.id);
    assert_eq!(
        [&first, &again, &other].map(|log| log.is_deduplicated),
        [false, true, false]
    );
    assert_eq!(other.artifact.version.get(), 1);
    assert_eq!((again.stats.new_files, again.stats.reused_files), (0, 1));
}

#[tokio::test]
async fn saving_needs_no_run_and_makes_one() {
    let place = Place::empty();
    let client = place.client();
    let saved = client.save(numbered("a", 0, b"x")).await.unwrap();
    let by = saved.logged_by().await.unwrap().unwrap();
    assert_eq!(by.job_type.as_deref(), Some("auto"));
    assert_eq!(by.exit_code, Some(0));
    assert_eq!(by.address.id.as_str().len(), 8);
    assert!(saved.used_by().await.unwrap().is_empty());
}

#[tokio::test]
async fn using_an_artifact_is_remembered() {
    let place = Place::empty();
    let client = place.client();
    let writer = client
        .init()
        .id("writer".parse().unwrap())
        .start()
        .await
        .unwrap();
    let logged = writer.log_artifact(numbered("a", 0, b"x")).await.unwrap();
    writer.finish().await.unwrap();
    for id in ["reader-1", "reader-2", "reader-1"] {
        let run = client
            .init()
            .id(id.parse().unwrap())
            .job_type("train")
            .start()
            .await
            .unwrap();
        let used = run.use_artifact("a:latest").await.unwrap();
        assert_eq!(used.id, logged.id);
        run.finish().await.unwrap();
    }
    assert_eq!(
        run_ids([logged.logged_by().await.unwrap().unwrap()]),
        ["writer"]
    );
    assert_eq!(
        run_ids(logged.used_by().await.unwrap()),
        ["reader-1", "reader-2"]
    );
}

#[tokio::test]
async fn what_is_downloaded_is_what_was_logged() {
    let place = Place::with_tree();
    let client = place.client();
    let mut artifact = Artifact::new("tree", "dataset").unwrap();
    artifact.add_dir(place.path("tree")).unwrap();
    let saved = client.save(artifact).await.unwrap();
    let root = place.path("copy");

    let fetched = saved.download().to(&root).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.kept_files), (8, 0));
    assert_eq!(files_in(&root), files_in(&place.path("tree")));

    place.write("copy/extra.txt", "extra");
    place.write("copy/hello.txt", "HELLO\n");
    let fetched = saved.download().to(&root).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.kept_files), (1, 7));
    assert_eq!(files_in(&root).len(), 9);

    let fetched = saved.download().to(&root).exact().await.unwrap();
    assert_eq!(fetched.removed, ["extra.txt".parse().unwrap()]);
    assert_eq!(files_in(&root), files_in(&place.path("tree")));
}
