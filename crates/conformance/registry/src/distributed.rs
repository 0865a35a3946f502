//! Rules on distributed versions, which several runs write, and on incremental versions.

use std::collections::BTreeMap;

use artifact_core::ports::{ArtifactRecord, RegistryError};
use artifact_core::records::ArtifactState;
use serde_json::Value;

use crate::{Draft, Fixture, Pending};

const GROUP: &str = "together";

/// Uploads the part of one writer.
async fn shared(share: &Draft) -> Pending {
    let pending = share.begin().await;
    share.store(&pending).await;
    pending
}

/// Checks that a version has the entries of `whole` and no others, under the digest that they have.
async fn assert_is(record: &ArtifactRecord, whole: &Draft, paths: &[&str]) {
    assert_eq!(record.digest, whole.digest());
    assert_eq!(record.file_count, paths.len() as u64);
    let file = whole.fetch_manifest(&record.id).await;
    let file: Value = serde_json::from_slice(&file).unwrap();
    let listed = file["contents"].as_object().unwrap().keys();
    assert_eq!(listed.collect::<Vec<_>>(), paths);
    let contents = whole.fetch(&record.id, paths).await;
    for (path, content) in paths.iter().zip(contents) {
        assert_eq!(content, whole.content(&path.parse().unwrap()), "{path}");
    }
}

/// `create_artifact` with a distributed id gives all its writers one pending version, which nobody sees until it is
/// committed; it then has the entries of all shares, whatever their order.
pub async fn shares_become_one_version(fixture: Fixture) {
    let (one, two) = (fixture.run("one").await, fixture.run("two").await);
    let second = fixture.draft("data").file("b", "b").file("both", "same");
    let second = second.share_of(&two, GROUP).alias("second");
    let first = fixture.draft("data").file("a", "a").file("both", "same");
    let first = first.share_of(&one, GROUP);
    let pending = shared(&second).await;
    assert_eq!(shared(&first).await.id, pending.id);
    let hidden = fixture.registry.artifact(&pending.id.clone().into()).await;
    assert!(
        matches!(hidden, Err(RegistryError::NoArtifact { .. })),
        "{hidden:?}"
    );

    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    let whole = fixture.draft("data").file("a", "a").file("b", "b");
    let whole = whole.file("both", "same");
    assert_is(&record, &whole, &["a", "b", "both"]).await;
    let aliases: Vec<&str> = record.aliases.iter().map(AsRef::as_ref).collect();
    assert_eq!(aliases, ["latest", "second"]);
    // All at once is the same.
    assert_eq!(whole.log().await.id, record.id);
}

/// The same part twice counts once, also from a writer that came back as another run.
pub async fn share_sent_twice_counts_once(fixture: Fixture) {
    let (one, again) = (fixture.run("one").await, fixture.run("again").await);
    let share = fixture.draft("data").file("a", "a").file("b", "b");
    for run in [&one, &one, &again] {
        shared(&share.clone().share_of(run, GROUP)).await;
    }
    let pending = share.clone().share_of(&one, GROUP).begin().await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_is(&record, &share, &["a", "b"]).await;
}

/// A part whose manifest file never came does not count.
pub async fn share_without_its_manifest_counts_for_nothing(fixture: Fixture) {
    let (one, dead) = (fixture.run("one").await, fixture.run("dead").await);
    let lost = fixture
        .draft("data")
        .file("a", "other")
        .file("lost", "lost");
    let lost = lost.share_of(&dead, GROUP);
    let pending = lost.begin().await;
    lost.send_files(&pending).await;
    let share = fixture.draft("data").file("a", "a");
    shared(&share.clone().share_of(&one, GROUP)).await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_is(&record, &share, &["a"]).await;
}

/// A manifest file with other content at a path of another run is refused, with the path and both runs. The same run
/// may replace its content.
pub async fn other_content_at_one_path_is_refused(fixture: Fixture) {
    let (one, two) = (fixture.run("one").await, fixture.run("two").await);
    let share = |run, content| {
        let share = fixture.draft("data").file("parts/0.txt", content);
        share.share_of(run, GROUP)
    };
    shared(&share(&one, "first")).await;
    let other = share(&two, "other");
    let pending = other.begin().await;
    let births = other.send_files(&pending).await;
    let file = other.manifest_file(&births);
    let refused = other.send_manifest(&pending, &file).await.unwrap_err();
    for part in ["parts/0.txt", "data", "run one", "run two"] {
        assert!(refused.contains(part), "{refused}");
    }
    shared(&share(&one, "better")).await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_is(&record, &share(&one, "better"), &["parts/0.txt"]).await;
}

/// A manifest file with a path below a file of another run is refused, and so is the reverse, with both paths and both
/// runs, and changes nothing. The same run may replace a file by a folder.
pub async fn file_and_folder_at_one_path_is_refused(fixture: Fixture) {
    let (one, two) = (fixture.run("one").await, fixture.run("two").await);
    let first = fixture.draft("data").file("a", "a").file("parts/0/x", "x");
    let pending = shared(&first.clone().share_of(&one, GROUP)).await;
    for (path, other) in [("a/b.txt", "a"), ("parts/0", "parts/0/x")] {
        let share = fixture.draft("data").file(path, "other").file("new", "n");
        let share = share.share_of(&two, GROUP);
        let pending = share.begin().await;
        let births = share.send_files(&pending).await;
        let file = share.manifest_file(&births);
        let refused = share.send_manifest(&pending, &file).await.unwrap_err();
        for part in [path, other, "data", "run one", "run two"] {
            assert!(refused.contains(part), "{refused}");
        }
    }
    let better = fixture.draft("data").file("a/b.txt", "better");
    shared(&better.share_of(&one, GROUP)).await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    let whole = fixture.draft("data").file("a/b.txt", "better");
    let whole = whole.file("parts/0/x", "x");
    assert_is(&record, &whole, &["a/b.txt", "parts/0/x"]).await;
}

/// A committed version accepts no further part; creating one with the same ID begins the next version.
pub async fn committed_version_takes_no_share(fixture: Fixture) {
    let (one, late) = (fixture.run("one").await, fixture.run("late").await);
    let first = fixture.draft("data").file("a", "a").share_of(&one, GROUP);
    let second = fixture.draft("data").file("b", "b").share_of(&late, GROUP);
    let pending = shared(&first).await;
    let unsent = second.begin().await;
    let v0 = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    let refused = [
        fixture
            .registry
            .request_uploads(&unsent.id, &unsent.manifest, second.specs())
            .await
            .map(drop),
        fixture
            .registry
            .update_manifest(&unsent.id, &unsent.manifest, second.digest_of(b"{}"))
            .await
            .map(drop),
    ];
    for refused in refused {
        assert!(
            matches!(&refused, Err(RegistryError::WrongState { id, .. }) if *id == v0.id),
            "{refused:?}"
        );
    }
    let next = shared(&second).await;
    assert_ne!(next.id, v0.id);
    let v1 = fixture.registry.commit_artifact(&next.id).await.unwrap();
    assert_eq!((v0.version.get(), v1.version.get()), (0, 1));
    assert_is(&v1, &second, &["b"]).await;
    // A client that missed the response may repeat the request.
    let again = fixture.registry.commit_artifact(&next.id).await.unwrap();
    assert_eq!(again, v1);
}

/// A version to which no writer has given anything is not committed.
pub async fn version_without_any_entry_of_its_writers_is_refused(fixture: Fixture) {
    let finisher = fixture.run("finisher").await;
    let nothing = fixture.draft("data").share_of(&finisher, GROUP);
    let pending = shared(&nothing).await;
    let refused = fixture.registry.commit_artifact(&pending.id).await;
    let Err(RegistryError::Rejected { what }) = refused else {
        panic!("{refused:?}");
    };
    assert!(what.contains("data"), "{what}");
    // A writer that comes after all is not too late.
    let share = fixture.draft("data").file("a", "a");
    let share = share.share_of(&finisher, GROUP);
    assert_eq!(shared(&share).await.id, pending.id);
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_is(&record, &share, &["a"]).await;
}

/// Writers of other collections, and of other projects, do not meet under one distributed id.
pub async fn distributed_id_counts_within_one_collection(fixture: Fixture) {
    let run = fixture.run("one").await;
    let mut elsewhere = run.clone();
    elsewhere.project.project = "elsewhere".parse().unwrap();
    let mut ids = Vec::new();
    let here = fixture.draft("data").file("a", "here");
    ids.push(shared(&here.share_of(&run, GROUP)).await.id);
    let other = fixture.draft("other").file("a", "other");
    ids.push(shared(&other.share_of(&run, GROUP)).await.id);
    fixture.run_at(&elsewhere).await;
    let there = fixture.draft("data").file("a", "there");
    let there = there.with(|request| request.project = elsewhere.project.clone());
    ids.push(shared(&there.share_of(&elsewhere, GROUP)).await.id);
    let mut found = BTreeMap::new();
    for id in &ids {
        let record = fixture.registry.commit_artifact(id).await.unwrap();
        found.insert(record.address().to_string(), record.file_count);
    }
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.values().all(|count| *count == 1), "{found:?}");
}

/// An incremental version has the entries of the newest one with its own on top, also where the newest was committed
/// after it was created.
pub async fn increment_comes_on_top_of_the_newest_version(fixture: Fixture) {
    fixture
        .draft("data")
        .file("a", "old")
        .file("b", "b")
        .log()
        .await;
    let increment = fixture.draft("data").file("a", "new").file("c", "c");
    let increment = increment.incremental();
    let pending = increment.begin().await;
    increment.store(&pending).await;
    fixture
        .draft("data")
        .file("a", "old")
        .file("d", "d")
        .log()
        .await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    let whole = fixture.draft("data").file("a", "new").file("c", "c");
    let whole = whole.file("d", "d");
    assert_is(&record, &whole, &["a", "c", "d"]).await;
    assert_eq!(record.version.get(), 2);
    // Nothing new is no version.
    assert_eq!(increment.log().await.id, record.id);
}

/// No path of an increment lies in a file of the version that it comes on top of, nor the other way round: it is refused,
/// with both paths, when its manifest file arrives.
pub async fn increment_makes_no_folder_of_a_file(fixture: Fixture) {
    let base = fixture.draft("data").file("a", "a").file("parts/0", "0");
    base.log().await;
    for (path, other) in [("a/b.txt", "a"), ("parts", "parts/0")] {
        let increment = fixture.draft("data").file(path, "other").incremental();
        let pending = increment.begin().await;
        let births = increment.send_files(&pending).await;
        let file = increment.manifest_file(&births);
        let refused = increment.send_manifest(&pending, &file).await.unwrap_err();
        for part in [path, other, "data:v0"] {
            assert!(refused.contains(part), "{refused}");
        }
    }
    let record = fixture
        .draft("data")
        .file("b", "b")
        .incremental()
        .log()
        .await;
    assert_is(&record, &base.file("b", "b"), &["a", "b", "parts/0"]).await;
}

/// The digest of an increment is that of its own entries, so an older version with that digest is not taken for it.
pub async fn increment_is_not_an_older_version_of_its_entries_alone(fixture: Fixture) {
    let first = fixture.draft("data").file("a", "a");
    first.log().await;
    fixture
        .draft("data")
        .file("a", "changed")
        .file("b", "b")
        .log()
        .await;
    let created = first.clone().incremental().create().await.unwrap();
    assert_eq!(created.state, ArtifactState::Pending);
    let record = first.incremental().log().await;
    let whole = fixture.draft("data").file("a", "a").file("b", "b");
    assert_is(&record, &whole, &["a", "b"]).await;
}
