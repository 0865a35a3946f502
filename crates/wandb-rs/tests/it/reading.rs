//! Reading versions of an embedded store: many at once, one file, a range.

use std::fs;

use wandb_rs::{Artifact, Client, Error, FlowError, LoggedArtifact};

use crate::tree::{Place, TREE};

async fn log_tree(place: &Place, client: &Client, name: &str) -> LoggedArtifact {
    let mut artifact = Artifact::new(name, "dataset").unwrap();
    artifact.add_dir(place.path("tree")).unwrap();
    client.save(artifact).await.unwrap()
}

#[tokio::test]
async fn many_versions_go_to_folders_of_their_own() {
    let place = Place::with_tree();
    let client = place.client();
    for name in ["one", "two"] {
        log_tree(&place, &client, name).await;
    }
    let all = client.download_all(["one:v0", "none:v0", "two"]).unwrap();
    let all = all
        .to(place.path("got"))
        .include("*.txt")
        .exclude(".*")
        .await
        .unwrap();
    assert!(matches!(all[1], Err(Error::Registry(_))), "{:?}", all[1]);
    for (at, name) in [(0, "one"), (2, "two")] {
        let fetched = &all[at].as_ref().unwrap().fetched;
        assert_eq!((fetched.placed_files, fetched.kept_files), (1, 0));
        let root = place.path(&format!("got/{name}:v0"));
        assert_eq!(fetched.root, root);
        assert_eq!(fs::read(root.join("hello.txt")).unwrap(), b"hello\n");
    }
    let again = client.download_all(["one:v0", "two:v0"]).unwrap();
    let again = again.to(place.path("got")).include("*.txt").await.unwrap();
    assert!(
        again
            .iter()
            .all(|one| one.as_ref().unwrap().fetched.kept_files == 1)
    );
    assert!(client.download_all(["a b"]).is_err());
}

#[tokio::test]
async fn what_is_excluded_is_not_brought_whatever_else_is_said() {
    let place = Place::with_tree();
    let artifact = log_tree(&place, &place.client(), "tree").await;
    let root = place.path("got");
    let download = artifact
        .download()
        .to(&root)
        .include("**/*.h5")
        .exclude("models/*");
    let fetched = download.await.unwrap();
    assert_eq!(fetched.placed_files, 2);
    assert!(root.join("model.h5").exists() && !root.join("models").exists());
    let error = artifact
        .download()
        .to(&root)
        .exclude("[")
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Pattern { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn files_are_read_in_whole_in_part_and_where_the_store_has_them() {
    let place = Place::with_tree();
    let client = place.client();
    log_tree(&place, &client, "tree").await;
    let found = client.pinned("tree:v0").await.unwrap();
    assert_eq!(found.recorded_at(), None, "the store was asked");
    for (path, content) in TREE {
        assert_eq!(found.read(path).await.unwrap(), content.as_bytes());
        let end = content.len() as u64;
        let part = found.read_range(path, 1..end).await.unwrap();
        assert_eq!(part, &content.as_bytes()[1..]);
        let file = found.cached_file(path).await.unwrap();
        assert!(
            file.path().starts_with(place.path("store")),
            "{}",
            file.path().display()
        );
        assert_eq!(fs::read(file.path()).unwrap(), content.as_bytes());
    }
    assert!(found.open("none").await.is_err());
    assert!(found.read("../x").await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn damaged_content_of_a_store_is_never_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with_tree();
    let artifact = log_tree(&place, &place.client(), "tree").await;
    let path = artifact
        .cached_file("hello.txt")
        .await
        .unwrap()
        .path()
        .to_owned();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&path, "HELLO\n").unwrap();
    assert!(artifact.read("hello.txt").await.is_err());
    assert!(artifact.read_range("hello.txt", 0..2).await.is_err());
    assert!(artifact.cached_file("hello.txt").await.is_err());
    assert_eq!(artifact.read("model.h5").await.unwrap(), b"model\n");
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_refused_where_that_is_asked_for() {
    let place = Place::empty();
    let mut artifact = Artifact::new("case", "dataset").unwrap();
    for (name, content) in [("data.txt", "a"), ("DATA.txt", "b")] {
        let file = place.write(&format!("{content}/x"), content);
        artifact
            .add_file(wandb_rs::AddFile::new(file).name(name))
            .unwrap();
    }
    let artifact = place.client().save(artifact).await.unwrap();
    let root = place.path("got");
    let error = artifact.download().to(&root).portable().await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::OnlyCase { .. })),
        "{error:?}"
    );
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    artifact
        .download()
        .to(&root)
        .portable()
        .exclude("DATA*")
        .await
        .unwrap();
}
