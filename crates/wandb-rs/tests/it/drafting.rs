//! Adding to an artifact before it is logged.

use std::io::{self, Write as _};

use serde::Deserialize;
use serde_json::{Map, json};
use wandb_rs::{AddDir, AddFile, Artifact, Error, FlowError, ScanError};

use crate::drafts::{artifact, paths};
use crate::tree::{Place, files_in};

// What may be added.

#[derive(Debug, Deserialize)]
struct PrefixRow {
    input: Option<String>,
    accepted: bool,
    normalised: Option<String>,
}

#[derive(Deserialize)]
struct Tables {
    add_dir_name: Vec<PrefixRow>,
}

#[test]
fn folders_in_an_artifact_are_named_as_in_the_official_client() {
    /// A line feed, which would make the digest ambiguous.
    const REFUSED_BY_OURS_ALONE: &str = "p\n";
    let tables = include_str!("../../../manifest/tests/golden/rejected.json");
    let Tables { add_dir_name: rows } = serde_json::from_str(tables).unwrap();
    assert_eq!(rows.len(), 22);
    let place = Place::empty();
    place.write("folder/f.txt", "x");
    for row in rows {
        let folder = AddDir::new(place.path("folder"));
        let mut artifact = artifact();
        let added = artifact.add_dir(match &row.input {
            Some(name) => folder.name(name),
            None => folder,
        });
        let ours_alone = row.input.as_deref() == Some(REFUSED_BY_OURS_ALONE);
        assert_eq!(added.is_ok(), row.accepted && !ours_alone, "{row:?}");
        let expected = row.normalised.filter(|_| !ours_alone);
        assert_eq!(
            paths(&artifact),
            expected.iter().collect::<Vec<_>>(),
            "{:?}",
            row.input
        );
    }
}

#[test]
fn names_and_types_that_are_reserved_are_refused_at_once() {
    for (name, artifact_type) in [
        ("a b", "dataset"),
        ("a\n", "dataset"),
        ("..", "dataset"),
        ("a", "job"),
        ("a", "wandb-history"),
        ("run-1-t", "run_table"),
        ("source-x", "code"),
    ] {
        let refused = Artifact::new(name, artifact_type);
        assert!(
            matches!(refused, Err(Error::Invalid(_))),
            "{name:?} {artifact_type:?}"
        );
    }
}

#[test]
fn metadata_is_an_object_with_at_most_100_keys() {
    let keys = |count: usize| {
        (0..count)
            .map(|n| (n.to_string(), json!(n)))
            .collect::<Map<_, _>>()
    };
    assert!(artifact().metadata(json!(keys(100))).is_ok());
    assert!(artifact().metadata(json!({"nested": keys(200)})).is_ok());
    for wrong in [json!(keys(101)), json!([1]), json!("text"), json!(1)] {
        assert!(matches!(artifact().metadata(wrong), Err(Error::Invalid(_))));
    }
}

#[test]
fn what_is_no_file_is_refused_with_its_name() {
    let place = Place::empty();
    place.write("folder/f", "x");
    let mut artifact = artifact();
    let missing = artifact.add_file(place.path("missing")).unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!("{} cannot be read", place.path("missing").display())
    );
    let folder = artifact.add_file(place.path("folder")).unwrap_err();
    let expected = format!(
        "{} is not a file but a folder",
        place.path("folder").display()
    );
    assert_eq!(folder.to_string(), expected);
    let file = artifact.add_dir(place.path("folder/f")).unwrap_err();
    assert!(
        matches!(file, Error::Scan(ScanError::NotAFolder { .. })),
        "{file}"
    );
    assert!(paths(&artifact).is_empty());
}

#[test]
fn the_base_name_names_a_file_that_is_given_no_name() {
    let place = Place::with_tree();
    let mut artifact = artifact();
    artifact
        .add_file(place.path("tree/images/cat.png"))
        .unwrap();
    artifact
        .add_file(AddFile::new(place.path("tree/model.h5")).name(""))
        .unwrap();
    let path = artifact.add_file(AddFile::new(place.path("tree/hello.txt")).name("./x//y/"));
    assert_eq!(path.unwrap().as_str(), "x/y");
    assert_eq!(paths(&artifact), ["cat.png", "model.h5", "x/y"]);
}

#[test]
fn a_new_file_is_there_when_it_was_written_and_not_before() {
    let mut artifact = artifact();
    let failed = artifact.new_file("f", |file| {
        file.write_all(b"half")?;
        Err(io::Error::other("no more"))
    });
    assert_eq!(
        failed.unwrap_err().to_string(),
        "the content of f could not be written"
    );
    assert!(paths(&artifact).is_empty());
    artifact
        .new_file("./f", |file| file.write_all(b"whole"))
        .unwrap();
    let taken = artifact.new_file("f", |_| Ok(())).unwrap_err();
    assert!(matches!(taken, Error::Exists { .. }));
    assert_eq!(
        taken.hint().as_deref(),
        Some("give the file another name than f, or remove that one first")
    );
    assert_eq!(paths(&artifact), ["f"]);
}

#[tokio::test]
async fn a_new_file_may_be_larger_than_memory_likes() {
    let place = Place::empty();
    let client = place.client();
    let mut artifact = artifact();
    let chunk = vec![7; 700_000];
    artifact
        .new_file("big", |file| {
            (0..4).try_for_each(|_| file.write_all(&chunk))
        })
        .unwrap();
    let saved = client.save(artifact).await.unwrap();
    saved.download().to(place.path("copy")).await.unwrap();
    assert_eq!(files_in(&place.path("copy"))["big"], chunk.repeat(4));
}

#[test]
fn patterns_leave_files_and_folders_out() {
    let place = Place::with_tree();
    for (patterns, left) in [
        (
            &["*.h5"][..],
            &[
                ".dotfile",
                ".hidden/x",
                "hello.txt",
                "images/cat.png",
                "images/dog.png",
            ][..],
        ),
        (
            &["images", ".*"],
            &[
                "checkpoints/model.h5",
                "hello.txt",
                "model.h5",
                "models/model.h5",
            ],
        ),
        (&["**/*.png", "*.h5", ".*"], &["hello.txt"]),
        (&["*"], &[]),
    ] {
        let mut artifact = artifact();
        let folder = AddDir::new(place.path("tree"));
        let folder = patterns
            .iter()
            .fold(folder, |folder, pattern| folder.exclude(*pattern));
        assert_eq!(
            artifact.add_dir(folder).unwrap(),
            left.len(),
            "{patterns:?}"
        );
        assert_eq!(paths(&artifact), left, "{patterns:?}");
    }
    let wrong = artifact().add_dir(AddDir::new(place.path("tree")).exclude("[a"));
    assert!(matches!(wrong, Err(Error::Pattern { .. })));
}

#[tokio::test]
async fn the_same_content_may_be_added_again_and_other_content_only_in_its_place() {
    let place = Place::empty();
    let client = place.client();
    let files = [("one", "same"), ("two", "same"), ("three", "other")];
    let [one, two, three] = files.map(|(path, content)| place.write(path, content));
    let named = |file| AddFile::new(file).name("x");

    let mut same = artifact();
    same.add_file(named(&one)).unwrap();
    same.add_file(named(&two)).unwrap();
    let prepared = client.preview(same).await.unwrap();
    assert_eq!((prepared.manifest.len(), prepared.manifest.size()), (1, 4));

    let mut conflict = artifact();
    conflict.add_file(named(&one)).unwrap();
    conflict.add_file(named(&three)).unwrap();
    let error = client.preview(conflict).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Conflict { .. })),
        "{error}"
    );

    let mut replaced = artifact();
    replaced.add_file(named(&one)).unwrap();
    replaced.add_file(named(&three).overwrite()).unwrap();
    let prepared = client.preview(replaced).await.unwrap();
    assert_eq!(prepared.manifest.size(), 5);
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
