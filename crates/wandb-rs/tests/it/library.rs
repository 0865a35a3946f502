//! The library's own rules: what may be added, and what is said when it may not.

use std::io::{self, Write as _};
use std::sync::Arc;

use artifact_core::ports::Fetched as Opened;
use artifact_store::StoreError;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde::Deserialize;
use serde_json::{Map, json};
use wandb_rs::{
    AddDir, AddFile, AddReference, Artifact, Client, DigestAlgorithm, EntryDigest, Error,
    FlowError, ReferenceObject, ReferenceResolver, ReferenceUri, ResolveError, ScanError,
};

use crate::tree::{Place, files_in};

fn artifact() -> Artifact {
    Artifact::new("a", "dataset").unwrap()
}

fn paths(artifact: &Artifact) -> Vec<&str> {
    artifact.paths().collect()
}

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
            "`wandb-rs artifact ls` lists what is there",
        ),
        ("mnist:v7", "`wandb-rs artifact ls` lists what is there"),
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

/// Content of `mem:` URIs, whose store does not tell sizes.
#[derive(Debug)]
struct Memory(Vec<(&'static str, &'static [u8])>);

#[async_trait]
impl ReferenceResolver for Memory {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        _checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let prefix = uri.as_str().to_owned();
        let below = format!("{prefix}/");
        let objects: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| *name == prefix || name.starts_with(&below))
            .map(|(name, _)| {
                Ok(ReferenceObject {
                    uri: name.parse().unwrap(),
                    relative_path: name
                        .strip_prefix(&below)
                        .unwrap_or_else(|| name.rsplit(['/', ':']).next().unwrap())
                        .to_owned(),
                    digest: EntryDigest::Opaque(format!("etag of {name}").into()),
                    size: None,
                    extra: Map::new(),
                })
            })
            .collect();
        if objects.is_empty() {
            let uri = uri.clone();
            return stream::once(async { Err(ResolveError::NotFound { uri }) }).boxed();
        }
        stream::iter(objects).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Opened, ResolveError> {
        let found = self.0.iter().find(|(name, _)| *name == object.uri.as_str());
        let (_, bytes) = found.ok_or_else(|| ResolveError::NotFound {
            uri: object.uri.clone(),
        })?;
        let chunk = Ok(Bytes::from_static(bytes));
        Ok(Opened::Stream(stream::iter([chunk]).boxed()))
    }
}

fn with_memory(place: &Place, objects: &[(&'static str, &'static [u8])]) -> Client {
    Client::builder()
        .store(place.path("store"))
        .resolver("mem", Arc::new(Memory(objects.to_vec())))
        .open()
        .unwrap()
}

const OBJECTS: &[(&str, &[u8])] = &[
    ("mem:/d/x", b"ex"),
    ("mem:/d/y", b"why"),
    ("mem:/z", b"zet"),
];

#[tokio::test]
async fn a_resolver_of_the_callers_answers_for_its_scheme() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/d").unwrap();
    artifact.add_reference("MEM:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let manifest = saved.manifest().await.unwrap();
    let references: Vec<_> = manifest
        .iter()
        .map(|(path, entry)| (path.as_str(), entry.reference.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(
        references,
        [("x", "mem:/d/x"), ("y", "mem:/d/y"), ("z", "mem:/z")]
    );
    assert_eq!(saved.verify_stored().await.unwrap().references, 3);
}

#[tokio::test]
async fn a_size_that_no_store_told_stays_unknown() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let manifest = saved.manifest().await.unwrap();
    assert_eq!(manifest.iter().next().unwrap().1.size, None);
    let root = place.path("copy");
    let fetched = saved.download().to(&root).await.unwrap();
    assert_eq!(fetched.placed_files, 1);
    assert_eq!(files_in(&root)["z"], b"zet");
    assert!(saved.verify(&root).await.unwrap().is_ok());
}

#[tokio::test]
async fn bytes_that_were_placed_are_counted_as_they_came() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let fetched = saved.download().to(place.path("copy")).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.placed_bytes), (1, 3));
}

#[tokio::test]
async fn what_is_gone_behind_a_reference_is_skipped_only_when_that_is_allowed() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/d").unwrap();
    client.save(artifact).await.unwrap();

    let client = with_memory(&place, &[("mem:/d/x", b"ex")]);
    let found = client.artifact("a").await.unwrap();
    let root = place.path("copy");
    let error = found.download().to(&root).await.unwrap_err();
    assert!(
        error.to_string().contains("nothing found at mem:/d/y"),
        "{error}"
    );
    let fetched = found
        .download()
        .to(&root)
        .allow_missing_references()
        .await
        .unwrap();
    assert_eq!(fetched.missing_references, ["y".parse().unwrap()]);
    assert_eq!(files_in(&root).keys().collect::<Vec<_>>(), ["x"]);
}

#[tokio::test]
async fn a_prefix_with_one_object_too_many_is_an_error_and_never_cut() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let reference = |max_objects| AddReference {
        max_objects,
        ..AddReference::new("mem:/d".parse().unwrap())
    };
    let mut two = artifact();
    two.add_reference(reference(2)).unwrap();
    assert_eq!(client.preview(two).await.unwrap().manifest.len(), 2);
    let mut one = artifact();
    one.add_reference(reference(1)).unwrap();
    let error = client.preview(one).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than 1 objects are under mem:/d; to reference them all, raise the limit (`max_objects`)"
    );
}

#[tokio::test]
async fn a_scheme_that_nobody_knows_is_recorded_under_a_name() {
    let place = Place::empty();
    let client = place.client();
    let named = AddReference {
        name: Some("f".parse().unwrap()),
        ..AddReference::new("nfs://host/f".parse().unwrap())
    };
    let mut fine = artifact();
    fine.add_reference(named).unwrap();
    let saved = client.save(fine).await.unwrap();
    assert_eq!((saved.file_count, saved.size), (1, 0));
    let error = saved.download().to(place.path("copy")).await.unwrap_err();
    assert!(error.to_string().contains("only recorded"), "{error}");

    let mut unnamed = artifact();
    unnamed.add_reference("nfs://host/f").unwrap();
    let error = client.preview(unnamed).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Unnamed { .. })),
        "{error}"
    );
    assert!(matches!(
        artifact().add_reference("plain/path"),
        Err(Error::Invalid(_))
    ));
}

#[tokio::test]
async fn a_scheme_of_the_official_client_without_a_resolver_is_refused() {
    let place = Place::empty();
    let client = place.client();
    for uri in [
        "s3://b/k",
        "gs://b/k",
        "https://h/f",
        "wandb-artifact://41/f",
    ] {
        let mut artifact = artifact();
        artifact.add_reference(uri).unwrap();
        let error = client.save(artifact).await.unwrap_err();
        assert!(
            error.to_string().contains("no resolver for"),
            "{uri}: {error}"
        );
    }
    assert!(client.artifact("a").await.is_err());
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_referenced_file_that_changed_is_not_handed_out() {
    let place = Place::empty();
    let client = place.client();
    let file = place.write("data/f", "first");
    let mut artifact = artifact();
    artifact
        .add_reference(format!("file://{}", file.display()).as_str())
        .unwrap();
    let saved = client.save(artifact).await.unwrap();
    place.write("data/f", "other");
    let root = place.path("copy");
    let error = saved.download().to(&root).await.unwrap_err();
    assert!(matches!(error, Error::Flow(_)), "{error}");
    assert!(!files_in(&root).contains_key("f"));
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_file_may_stand_for_a_reference_of_the_same_content() {
    let place = Place::empty();
    let client = place.client();
    let file = place.write("data/f", "same");
    let uri = format!("file://{}", file.display());
    let mut both = artifact();
    both.add_file(&file).unwrap();
    both.add_reference(uri.as_str()).unwrap();
    assert_eq!(client.preview(both).await.unwrap().manifest.len(), 1);
    let other = place.write("other/f", "other");
    let mut conflict = artifact();
    conflict.add_file(&other).unwrap();
    conflict.add_reference(uri.as_str()).unwrap();
    let error = client.preview(conflict).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Conflict { .. })),
        "{error}"
    );
}

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
