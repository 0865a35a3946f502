//! The tables and examples of the page on creating artifacts, through the library.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use wandb_rs::{
    AddDir, AddFile, AddReference, Alias, Artifact, ArtifactChanges, Client, Error, FlowError,
    LogOptions, LoggedArtifact, ReferenceUri, Tag, Ttl, blocking,
};

use crate::tree::{Place, TREE, files_in};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A call, and what the artifact holds then: path and file of the tree.
struct Row {
    call: &'static str,
    apply: fn(&mut Artifact, &Path) -> Outcome,
    contents: &'static [(&'static str, &'static str)],
}

/// Returns the reference to a file or folder of the tree.
fn uri(tree: &Path, path: &str) -> ReferenceUri {
    format!("file://{}/{path}", tree.display()).parse().unwrap()
}

const TABLE: &[Row] = &[
    Row {
        call: "new_file('hello.txt')",
        apply: |artifact, _| {
            artifact.new_file("hello.txt", |file| file.write_all(b"hello\n"))?;
            Ok(())
        },
        contents: &[("hello.txt", "hello.txt")],
    },
    Row {
        call: "add_file('hello.txt')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("hello.txt"))?;
            Ok(())
        },
        contents: &[("hello.txt", "hello.txt")],
    },
    Row {
        call: "add_file('hello.txt', name='new/path/hello_world.txt')",
        apply: |artifact, tree| {
            let file = AddFile::new(tree.join("hello.txt"));
            artifact.add_file(file.name("new/path/hello_world.txt"))?;
            Ok(())
        },
        contents: &[("new/path/hello_world.txt", "hello.txt")],
    },
    Row {
        call: "add_file('model.h5')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("model.h5"))?;
            Ok(())
        },
        contents: &[("model.h5", "model.h5")],
    },
    Row {
        call: "add_file('checkpoints/model.h5')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("checkpoints/model.h5"))?;
            Ok(())
        },
        contents: &[("model.h5", "checkpoints/model.h5")],
    },
    Row {
        call: "add_file('model.h5', name='models/mymodel.h5')",
        apply: |artifact, tree| {
            let file = AddFile::new(tree.join("model.h5"));
            artifact.add_file(file.name("models/mymodel.h5"))?;
            Ok(())
        },
        contents: &[("models/mymodel.h5", "model.h5")],
    },
    Row {
        call: "add_dir('images')",
        apply: |artifact, tree| {
            artifact.add_dir(tree.join("images"))?;
            Ok(())
        },
        contents: &[("cat.png", "images/cat.png"), ("dog.png", "images/dog.png")],
    },
    Row {
        call: "add_dir('images', name='images')",
        apply: |artifact, tree| {
            artifact.add_dir(AddDir::new(tree.join("images")).name("images"))?;
            Ok(())
        },
        contents: &[
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
        ],
    },
    Row {
        call: "add_dir('.')",
        apply: |artifact, tree| {
            artifact.add_dir(tree.join("."))?;
            Ok(())
        },
        contents: &[
            (".dotfile", ".dotfile"),
            (".hidden/x", ".hidden/x"),
            ("checkpoints/model.h5", "checkpoints/model.h5"),
            ("hello.txt", "hello.txt"),
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
            ("model.h5", "model.h5"),
            ("models/model.h5", "models/model.h5"),
        ],
    },
    Row {
        call: "add_reference('file:///tree/model.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference::new(uri(tree, "model.h5")))?;
            Ok(())
        },
        contents: &[("model.h5", "model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/checkpoints/model.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference::new(uri(tree, "checkpoints/model.h5")))?;
            Ok(())
        },
        contents: &[("model.h5", "checkpoints/model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/model.h5', name='models/mymodel.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference {
                name: Some("models/mymodel.h5".parse()?),
                ..AddReference::new(uri(tree, "model.h5"))
            })?;
            Ok(())
        },
        contents: &[("models/mymodel.h5", "model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/images')",
        apply: |artifact, tree| {
            artifact.add_reference(uri(tree, "images").as_str())?;
            Ok(())
        },
        contents: &[("cat.png", "images/cat.png"), ("dog.png", "images/dog.png")],
    },
    Row {
        call: "add_reference('file:///tree/images', name='images')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference {
                name: Some("images".parse()?),
                ..AddReference::new(uri(tree, "images"))
            })?;
            Ok(())
        },
        contents: &[
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
        ],
    },
];

fn content(file: &str) -> &'static str {
    TREE.iter().find(|(path, _)| *path == file).unwrap().1
}

#[tokio::test]
async fn every_call_of_the_tables_has_its_contents() {
    let place = Place::with_tree();
    let client = place.client();
    for (number, row) in TABLE.iter().enumerate() {
        let call = row.call;
        let mut artifact = Artifact::new(format!("row-{number}"), "dataset").unwrap();
        (row.apply)(&mut artifact, &place.path("tree")).unwrap_or_else(|e| panic!("{call}: {e}"));
        let saved = client
            .save(artifact)
            .await
            .unwrap_or_else(|e| panic!("{call}: {e}"));

        let manifest = saved.manifest().await.unwrap();
        let found: Vec<_> = manifest
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .collect();
        let paths: Vec<&str> = found.iter().map(|(path, _)| *path).collect();
        let expected: Vec<&str> = row.contents.iter().map(|(path, _)| *path).collect();
        assert_eq!(paths, expected, "{call}");
        for ((_, entry), (_, file)) in found.iter().zip(row.contents) {
            let expected = call
                .starts_with("add_reference")
                .then(|| uri(&place.path("tree"), file));
            assert_eq!(entry.reference, expected, "{call}");
            assert_eq!(entry.size, Some(content(file).len() as u64), "{call}");
            assert!(entry.digest.content().is_some(), "{call}");
        }

        let root = place.path(&format!("copies/{number}"));
        saved
            .download()
            .to(&root)
            .await
            .unwrap_or_else(|e| panic!("{call}: {e}"));
        let expected = row.contents.iter();
        let expected = expected.map(|(path, file)| ((*path).to_owned(), content(file).into()));
        assert_eq!(files_in(&root), expected.collect(), "{call}");
        assert!(saved.verify(&root).await.unwrap().is_ok(), "{call}");
    }
}

#[tokio::test]
async fn the_whole_example_of_the_page_works() {
    let place = Place::with_tree();
    let client = place.client();
    let mut artifact = Artifact::new("my-data", "dataset").unwrap();
    artifact
        .add_file(AddFile::new(place.path("tree/hello.txt")).name("greeting"))
        .unwrap();
    artifact
        .add_dir(AddDir::new(place.path("tree/images")).name("pictures"))
        .unwrap();

    let run = client
        .init()
        .project("demo".parse().unwrap())
        .job_type("upload")
        .start()
        .await
        .unwrap();
    let logged = run.log_artifact(artifact).await.unwrap();
    run.finish().await.unwrap();

    assert_eq!(logged.to_string(), "local/demo/my-data:v0");
    assert_eq!((logged.file_count, logged.size), (3, 14));
    let by = logged.logged_by().await.unwrap().unwrap();
    assert_eq!(by.spec.job_type.as_deref(), Some("upload"));
    assert_eq!(by.outcome.map(|outcome| outcome.exit_code), Some(0));
}

/// Returns an artifact of one file and some metadata.
fn numbered(name: &str, index: usize, bytes: &[u8]) -> Artifact {
    let artifact = Artifact::new(name, "dataset").unwrap();
    let mut artifact = artifact.metadata(json!({"index": index})).unwrap();
    artifact
        .new_file("f", |file| file.write_all(bytes))
        .unwrap();
    artifact
}

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
    assert_eq!(by.spec.job_type.as_deref(), Some("auto"));
    assert_eq!(by.outcome.map(|outcome| outcome.exit_code), Some(0));
    assert_eq!(by.spec.address.id.as_str().len(), 8);
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

fn run_ids(runs: impl IntoIterator<Item = wandb_rs::RunRecord>) -> Vec<String> {
    runs.into_iter()
        .map(|run| run.spec.address.id.into())
        .collect()
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

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn aliases<const N: usize>(texts: [&str; N]) -> [Alias; N] {
    texts.map(|text| text.parse().unwrap())
}

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

fn blocking_client(place: &Place) -> Result<blocking::Client, Box<dyn std::error::Error>> {
    let builder = Client::builder().store(place.path("store"));
    Ok(blocking::Client::open(builder)?)
}

#[test]
fn the_same_works_without_async() -> Outcome {
    let place = Place::with_tree();
    let client = blocking_client(&place)?;
    let run = client
        .init()
        .job_type("train")
        .with(|run| run.id("b1".parse().unwrap()))
        .start()?;
    let handles: Vec<_> = (0..3)
        .map(|index| run.log_artifact(numbered("race", index, &[u8::try_from(index).unwrap()])))
        .collect();
    for (index, handle) in handles.into_iter().enumerate().rev() {
        assert_eq!(handle.wait()?.version.get() as usize, index);
    }
    let mut tree = Artifact::new("tree", "dataset")?;
    tree.add_dir(place.path("tree"))?;
    let options = LogOptions::new().aliases(aliases(["best"]));
    let logged = run.log_artifact_with(tree, options).wait()?;
    let used = run.use_artifact("race:v1")?;
    run.finish()?;

    let found = client.artifact("tree:best")?;
    assert_eq!(found.id, logged.id);
    let root = place.path("copy");
    client.wait(found.download().to(&root))?;
    assert_eq!(files_in(&root), files_in(&place.path("tree")));
    assert!(client.wait(found.verify_stored())?.is_ok());
    assert_eq!(run_ids(client.wait(used.used_by())?), ["b1"]);
    assert_eq!(client.save(numbered("race", 9, b"nine"))?.version.get(), 3);
    Ok(())
}

#[test]
fn a_blocking_handle_may_be_dropped() -> Outcome {
    let place = Place::empty();
    let client = blocking_client(&place)?;
    let run = client.init().start()?;
    drop(run.log_artifact(numbered("a", 0, b"x")));
    run.finish()?;
    assert_eq!(client.artifact("a")?.version.get(), 0);
    Ok(())
}

#[tokio::test]
async fn one_path_cannot_have_two_contents() {
    let place = Place::with_tree();
    let client = place.client();
    let (one, other) = (
        place.path("tree/model.h5"),
        place.path("tree/models/model.h5"),
    );
    let mut artifact = Artifact::new("a", "dataset").unwrap();
    artifact.add_file(&one).unwrap();
    artifact.add_file(&other).unwrap();
    let error = client.save(artifact).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Conflict { .. })),
        "{error}"
    );
    let text = error.to_string();
    for part in [
        "model.h5 was added twice",
        one.to_str().unwrap(),
        other.to_str().unwrap(),
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(client.artifact("a").await.is_err());
}
