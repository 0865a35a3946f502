//! Versions that move between stores and a server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use wandb_rs::{
    AddReference, Alias, Artifact, Client, ClientBuilder, DigestAlgorithm, LogOptions,
    LoggedArtifact, Mode, Settings, Tag, Transferred, Ttl,
};

use crate::server::{KEY, TestServer, USER};

/// A folder with stores and caches in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::from_env().unwrap();
        settings.cache_dir = Some(self.path("cache"));
        settings.data_dir = Some(self.path("data"));
        settings.with_project("demo".parse().unwrap())
    }

    fn store(&self, name: &str) -> Client {
        let builder = Client::builder().settings(self.settings());
        builder.store(self.path(name)).open().unwrap()
    }

    pub(crate) fn remote(&self, server: &TestServer) -> Client {
        self.remote_builder(server).open().unwrap()
    }

    pub(crate) fn remote_builder(&self, server: &TestServer) -> ClientBuilder {
        Client::builder()
            .settings(self.settings())
            .base_url(server.url().parse().unwrap())
            .api_key(KEY.parse().unwrap())
            .mode(Mode::Online)
    }
}

/// Logs one version with all that one can have.
async fn log_full(place: &Place, client: &Client, content: &str) -> LoggedArtifact {
    place.write("tree/a.txt", content);
    place.write("tree/deep/b.bin", vec![7; 3 << 20]);
    place.write("tree/empty", "");
    let mut artifact = Artifact::new("data", "dataset")
        .unwrap()
        .description("what it is")
        .metadata(serde_json::json!({"n": 1, "deep": {"x": [true, null]}}))
        .unwrap()
        .ttl(Ttl::of(Duration::from_hours(48)).unwrap());
    artifact.add_dir(place.path("tree")).unwrap();
    let elsewhere = place.write("elsewhere/ref.txt", "referenced");
    let uri = format!("file://{}", elsewhere.display());
    artifact
        .add_reference(AddReference::new(uri.parse().unwrap()))
        .unwrap();
    let run = client.init().start().await.unwrap();
    let options = LogOptions::new()
        .aliases(["best".parse::<Alias>().unwrap()])
        .tags(["checked".parse::<Tag>().unwrap()]);
    let logged = run.log_artifact_with(artifact, options).await.unwrap();
    run.finish().await.unwrap();
    logged
}

async fn copied(from: &Client, to: &Client, address: &str) -> Transferred {
    let moved = from.copy_to(to, address.parse().unwrap()).await.unwrap();
    assert_eq!(moved.len(), 1);
    moved.into_iter().next().unwrap()
}

/// Everything of two versions that must be equal is.
async fn assert_same(place: &Place, original: &LoggedArtifact, copy: &LoggedArtifact) {
    assert_eq!(copy.digest, original.digest);
    assert_eq!(copy.algorithm, original.algorithm);
    assert_eq!(copy.artifact_type, original.artifact_type);
    assert_eq!(copy.description, original.description);
    assert_eq!(copy.metadata, original.metadata);
    assert_eq!(copy.ttl, original.ttl);
    assert_eq!(copy.aliases, original.aliases);
    assert_eq!(copy.tags, original.tags);
    assert_eq!(
        (copy.size, copy.file_count),
        (original.size, original.file_count)
    );
    let entries = |manifest: wandb_rs::Manifest| {
        let entries = manifest.into_iter().map(|(path, mut entry)| {
            entry.birth_artifact = None;
            (path, entry)
        });
        entries.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        entries(copy.manifest().await.unwrap()),
        entries(original.manifest().await.unwrap())
    );
    let root = place.path("fetched");
    copy.download()
        .to(&root)
        .exact()
        .allow_local_references()
        .await
        .unwrap();
    assert!(original.verify(&root).await.unwrap().is_ok());
    assert!(copy.verify_stored().await.unwrap().is_ok());
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_goes_to_a_server_and_into_another_store() {
    let (place, server) = (Place::new(), TestServer::start());
    let (store, remote, other) = (
        place.store("one"),
        place.remote(&server),
        place.store("two"),
    );
    let original = log_full(&place, &store, "hello").await;

    let pushed = copied(&store, &remote, "data").await;
    assert!(!pushed.was_there);
    assert_eq!(pushed.stats.new_files, 3);
    assert_eq!(pushed.artifact.to_string(), format!("{USER}/demo/data:v0"));
    assert_same(&place, &original, &pushed.artifact).await;
    let run = pushed.artifact.logged_by().await.unwrap().unwrap();
    assert_eq!(run.job_type.as_deref(), Some("copy"));

    let pulled = copied(&remote, &other, "data:best").await;
    assert_eq!(pulled.artifact.to_string(), "local/demo/data:v0");
    assert_same(&place, &original, &pulled.artifact).await;
    let run = pulled.artifact.logged_by().await.unwrap().unwrap();
    assert_eq!(
        run.config.values()["artifact"],
        format!("{USER}/demo/data:v0")
    );
    // What was staged is gone.
    assert_eq!(files_below(&place.path("cache/wandb-rs-copies")), 0);

    // From server to server.
    let second = TestServer::start();
    let elsewhere = place.remote(&second);
    let copy = copied(&remote, &elsewhere, "data").await;
    assert_same(&place, &original, &copy.artifact).await;

    // Between stores, without a server.
    let third = place.store("three");
    let copy = copied(&other, &third, "data").await;
    assert_same(&place, &original, &copy.artifact).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_not_sent_again_but_labelled() {
    let (place, server) = (Place::new(), TestServer::start());
    let (store, remote) = (place.store("one"), place.remote(&server));
    let mut original = log_full(&place, &store, "hello").await;
    let first = copied(&store, &remote, "data").await;
    original
        .update(wandb_rs::ArtifactChanges {
            aliases_to_add: vec!["newer".parse().unwrap()],
            tags_to_add: vec!["again".parse().unwrap()],
            ..Default::default()
        })
        .await
        .unwrap();
    let second = copied(&store, &remote, "data:v0").await;
    assert!(second.was_there);
    assert_eq!(second.stats.new_files, 0);
    assert_eq!(second.artifact.id, first.artifact.id);
    assert_eq!(second.artifact.aliases, original.aliases);
    assert_eq!(second.artifact.tags, original.tags);
    let versions = remote
        .versions(&first.artifact.project, &first.artifact.name)
        .await;
    assert_eq!(versions.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_keep_their_order_and_latest() {
    let (place, server) = (Place::new(), TestServer::start());
    let (store, remote) = (place.store("one"), place.remote(&server));
    for content in ["one", "two", "three"] {
        log_full(&place, &store, content).await;
    }
    // The content of v1 again: `latest` is v1 from here on.
    log_full(&place, &store, "two").await;
    for expected in [false, true] {
        let transfer = store
            .copy_to(&remote, "data".parse().unwrap())
            .all_versions()
            .name("renamed".parse().unwrap());
        let moved = transfer.await.unwrap();
        let pairs: Vec<_> = moved
            .iter()
            .map(|it| {
                (
                    it.source.version.to_string(),
                    it.artifact.version.to_string(),
                )
            })
            .collect();
        let pair = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(pairs, [pair("v0"), pair("v1"), pair("v2")]);
        assert!(moved.iter().all(|it| it.was_there == expected));
        let latest = remote.artifact("renamed:latest").await.unwrap();
        assert_eq!(latest.version.to_string(), "v1");
        for it in &moved {
            assert_eq!(it.artifact.aliases, it.source.aliases, "{}", it.source);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_artifacts_and_other_digests_move_too() {
    let (place, server) = (Place::new(), TestServer::start());
    let (store, remote, other) = (
        place.store("one"),
        place.remote(&server),
        place.store("two"),
    );
    let empty = Artifact::new("nothing", "dataset").unwrap();
    let original = store.save(empty).await.unwrap();
    let pushed = copied(&store, &remote, "nothing").await;
    assert_same(&place, &original, &pushed.artifact).await;

    let mut artifact = Artifact::new("fast", "model")
        .unwrap()
        .digest_algorithm(DigestAlgorithm::Xxh128);
    artifact.add_file(place.write("x.bin", "content")).unwrap();
    let original = store.save(artifact).await.unwrap();
    assert_eq!(original.algorithm, DigestAlgorithm::Xxh128);
    let pushed = copied(&store, &remote, "fast").await;
    assert_same(&place, &original, &pushed.artifact).await;
    let pulled = copied(&remote, &other, "fast").await;
    assert_same(&place, &original, &pulled.artifact).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_content_is_refused_by_its_path() {
    let (place, server) = (Place::new(), TestServer::start());
    let (store, remote) = (place.store("one"), place.remote(&server));
    log_full(&place, &store, "precious words").await;
    damage(&place.path("one"), b"precious words", b"perverse words");
    let moved = store.copy_to(&remote, "data".parse().unwrap()).await;
    let error = moved.unwrap_err();
    assert!(error.to_string().contains("a.txt"), "{error}");
    assert!(remote.artifact("data").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_broke_off_goes_on() {
    let (place, server) = (Place::new(), TestServer::start());
    let (remote, other) = (place.remote(&server), place.store("two"));
    let original = log_full(&place, &remote, "rare words").await;
    let blobs = server.folder.path().join("store");
    damage(&blobs, b"rare words", b"fair words");
    let moved = other_from(&remote, &other).await;
    let error = moved.unwrap_err();
    assert!(error.to_string().contains("a.txt"), "{error}");
    assert!(other.artifact("data").await.is_err());
    // What arrived is kept for the next try.
    assert_ne!(files_below(&place.path("cache/wandb-rs-copies")), 0);
    damage(&blobs, b"fair words", b"rare words");
    let moved = other_from(&remote, &other).await.unwrap();
    assert_same(&place, &original, &moved[0].artifact).await;
    assert_eq!(files_below(&place.path("cache/wandb-rs-copies")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_copy_twice_at_once_is_one_version() {
    let (place, server) = (Place::new(), TestServer::start());
    let (remote, other) = (place.remote(&server), place.store("two"));
    let original = log_full(&place, &remote, "rare words").await;
    let copies = (0..4).map(|_| other_from(&remote, &other));
    for moved in futures::future::join_all(copies).await {
        assert_same(&place, &original, &moved.unwrap()[0].artifact).await;
    }
    let versions = other.versions(&original.project, &original.name).await;
    assert!(versions.is_err() || versions.unwrap().len() == 1);
    assert_eq!(files_below(&place.path("cache/wandb-rs-copies")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_kept() {
    let (place, server) = (Place::new(), TestServer::start());
    let store = place.store("one");
    for number in 0..4_u8 {
        place.write(&format!("many/{number}"), vec![number; 100_000]);
    }
    let mut artifact = Artifact::new("many", "dataset").unwrap();
    artifact.add_dir(place.path("many")).unwrap();
    store.save(artifact).await.unwrap();
    let builder = place.remote_builder(&server).limit_rate(400_000);
    let began = std::time::Instant::now();
    copied(&store, &builder.open().unwrap(), "many").await;
    // The last of them waits for three others.
    assert!(Duration::from_millis(750) <= began.elapsed());
}

async fn other_from(remote: &Client, other: &Client) -> Result<Vec<Transferred>, wandb_rs::Error> {
    remote.copy_to(other, "data".parse().unwrap()).await
}

/// Overwrites the file below `folder` that holds `content`.
fn damage(folder: &Path, content: &[u8], with: &[u8]) {
    let mut folders = vec![folder.to_owned()];
    let mut count = 0;
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap() == content {
                let mut permissions = path.metadata().unwrap().permissions();
                std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
                std::fs::set_permissions(&path, permissions).unwrap();
                std::fs::write(&path, with).unwrap();
                count += 1;
            }
        }
    }
    assert_eq!(count, 1);
}
