//! Aliases, tags, description, metadata, TTL and type of versions.

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;
use wandb_rs::{Artifact, ArtifactChanges, LogOptions, LoggedArtifact, Tag, Ttl};

use crate::drafts::{aliases, numbered, texts};
use crate::tree::Place;

fn tags<const N: usize>(texts: [&str; N]) -> [Tag; N] {
    texts.map(|text| text.parse().unwrap())
}

#[tokio::test]
async fn everything_said_of_a_version_comes_back() {
    let place = Place::empty();
    let client = place.client();
    let metadata = json!({"accuracy": 0.5, "layers": [1, 2], "nested": {"é": null}});
    let artifact = Artifact::new("a", "model")
        .unwrap()
        .description("the first\nof many");
    let mut artifact = artifact
        .metadata(metadata.clone())
        .unwrap()
        .ttl(Ttl::of(Duration::from_hours(24)).unwrap());
    artifact.new_file("f", |file| file.write_all(b"x")).unwrap();
    let run = client.init().start().await.unwrap();
    let options = LogOptions::new()
        .aliases(aliases(["best", "two words"]))
        .tags(tags(["green", "red blue"]));
    run.log_artifact_with(artifact, options).await.unwrap();
    run.finish().await.unwrap();

    for address in [
        "a",
        "a:latest",
        "a:v0",
        "a:best",
        "local/uncategorized/a:two words",
    ] {
        let found = client.artifact(address).await.unwrap();
        assert_eq!(found.to_string(), "local/uncategorized/a:v0");
        assert_eq!(found.artifact_type.as_str(), "model");
        assert_eq!(found.description.as_deref(), Some("the first\nof many"));
        assert_eq!(json!(found.metadata), metadata);
        assert_eq!(found.ttl, Ttl::Seconds(86_400));
        assert_eq!(texts(&found.aliases), ["best", "latest", "two words"]);
        assert_eq!(texts(&found.tags), ["green", "red blue"]);
    }
}

#[tokio::test]
async fn aliases_move_to_the_newer_version() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    for (index, names) in [["best", "old"], ["best", "new"]].into_iter().enumerate() {
        let bytes = [u8::try_from(index).unwrap()];
        let options = LogOptions::new().aliases(aliases(names));
        run.log_artifact_with(numbered("a", index, &bytes), options)
            .await
            .unwrap();
    }
    run.finish().await.unwrap();
    let of = async |version: &str| texts(&client.artifact(version).await.unwrap().aliases);
    assert_eq!(of("a:v0").await, ["old"]);
    assert_eq!(of("a:v1").await, ["best", "latest", "new"]);
}

#[tokio::test]
async fn what_is_said_of_a_version_may_change_and_its_content_not() {
    let place = Place::empty();
    let client = place.client();
    let mut saved: LoggedArtifact = client.save(numbered("a", 0, b"x")).await.unwrap();
    let changes = ArtifactChanges {
        description: Some("better".into()),
        metadata: Some(json!({"index": 7}).try_into().unwrap()),
        ttl: Some(Ttl::Disabled),
        aliases_to_add: aliases(["best"]).into(),
        tags_to_add: tags(["green"]).into(),
        ..ArtifactChanges::default()
    };
    saved.update(changes).await.unwrap();
    let found = client.artifact("a:best").await.unwrap();
    assert_eq!(found.description.as_deref(), Some("better"));
    assert_eq!(found.metadata.as_map()["index"], json!(7));
    assert_eq!(found.ttl, Ttl::Disabled);
    assert_eq!(
        (texts(&found.tags), found.digest),
        (vec!["green".into()], saved.digest)
    );
    let changes = ArtifactChanges {
        aliases_to_delete: aliases(["best"]).into(),
        tags_to_delete: tags(["green"]).into(),
        ..ArtifactChanges::default()
    };
    saved.update(changes).await.unwrap();
    assert_eq!(
        (texts(&saved.aliases), saved.tags.len()),
        (vec!["latest".into()], 0)
    );
    assert!(client.artifact("a:best").await.is_err());
}

#[tokio::test]
async fn a_name_belongs_to_one_type() {
    let place = Place::empty();
    let client = place.client();
    client.save(numbered("cats", 0, b"x")).await.unwrap();
    let model = Artifact::new("cats", "model").unwrap();
    let error = client.save(model).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cats already exists in local/uncategorized with type `dataset`, so it cannot also have type `model`"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("log it with `--type dataset`, or under another name")
    );
    assert_eq!(client.artifact("cats").await.unwrap().version.get(), 0);
}

#[tokio::test]
async fn names_and_projects_are_numbered_each_for_itself() {
    let place = Place::empty();
    let client = place.client();
    let run = client.init().start().await.unwrap();
    for (name, byte, version) in [
        ("a", 0, 0),
        ("b", 0, 0),
        ("a", 1, 1),
        ("b", 1, 1),
        ("b", 2, 2),
    ] {
        let logged = run.log_artifact(numbered(name, 0, &[byte])).await.unwrap();
        assert_eq!(logged.version.get(), version, "{name}");
    }
    run.finish().await.unwrap();
    let run = client
        .init()
        .project("other".parse().unwrap())
        .start()
        .await
        .unwrap();
    // Another project may use a name for another type.
    let mut model = Artifact::new("a", "model").unwrap();
    model.new_file("f", |file| file.write_all(&[0])).unwrap();
    let logged = run.log_artifact(model).await.unwrap();
    assert_eq!(logged.to_string(), "local/other/a:v0");
    run.finish().await.unwrap();

    let projects = client.projects().await.unwrap();
    assert_eq!(texts(&projects), ["local/other", "local/uncategorized"]);
    let collections = client.collections(&projects[1]).await.unwrap();
    let rows: Vec<_> = collections
        .iter()
        .map(|c| (c.name.as_str(), c.version_count))
        .collect();
    assert_eq!(rows, [("a", 2), ("b", 3)]);
    let versions = client
        .versions(&projects[1], &"b".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        versions.iter().map(|v| v.version.get()).collect::<Vec<_>>(),
        [2, 1, 0]
    );
}
