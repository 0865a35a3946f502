//! Content that was fetched before: found in the cache, never trusted, and put there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use artifact_core::ContentDigest;
use artifact_core::ports::ContentCache;
use artifact_flows::{FetchOptions, Flow};
use storage_adapters::Cache;

use crate::faulty_streams::{Fault, FaultyFlow, FaultyStreams, small_limits};
use crate::progress::Recorder;
use crate::workbench::{Workbench, assert_same_tree, bytes, tree};

fn options() -> FetchOptions {
    FetchOptions {
        limits: small_limits(),
        ..FetchOptions::default()
    }
}

fn bench() -> Workbench {
    Workbench::with(&[
        ("empty", b""),
        ("collected", &bytes(1, 1_500)),
        ("whole", &bytes(2, 40_000)),
        ("parted", &bytes(3, 100_000)),
        ("again", &bytes(1, 1_500)),
    ])
}

fn over(faulty: &FaultyFlow, cache: impl ContentCache) -> Flow {
    Flow {
        cache: Some(Arc::new(cache)),
        ..faulty.flow.clone()
    }
}

fn faulty(bench: &Workbench) -> FaultyFlow {
    FaultyFlow::new(bench, FaultyStreams::new(|_| Fault::Whole))
}

/// Returns the entries of the cache that hold `content`.
fn entries_with(bench: &Workbench, content: &[u8]) -> Vec<PathBuf> {
    tree(&bench.path("cache/artifacts/obj"))
        .into_iter()
        .filter(|(_, cached)| cached == content)
        .map(|(path, _)| path)
        .collect()
}

#[tokio::test]
async fn what_was_fetched_is_kept_and_not_fetched_again() {
    let bench = bench();
    let record = bench.log().await;
    let cache = Cache::new(bench.path("cache"));
    let first = faulty(&bench);
    let fetched = bench
        .get_over(&over(&first, cache.clone()), &record, &options())
        .await
        .unwrap();
    assert_eq!(fetched.placed_files, 5);
    assert_eq!(tree(&bench.path("cache/artifacts/obj")).len(), 4);
    assert_eq!(tree(&bench.path("cache/artifacts/tmp")).len(), 0);

    fs::remove_dir_all(bench.path("out")).unwrap();
    let second = faulty(&bench);
    let fetched = bench
        .get_over(&over(&second, cache), &record, &options())
        .await
        .unwrap();
    assert_eq!(fetched.placed_files, 5);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert_eq!(second.streams.asked(), []);
    assert_eq!(second.requests(), [0; 0], "the registry was not asked");
    // A copy: writing to what was placed changes nothing in the cache.
    fs::write(bench.out("whole"), "mine").unwrap();
    assert_eq!(entries_with(&bench, &bytes(2, 40_000)).len(), 1);
}

#[tokio::test]
async fn a_wrong_entry_of_the_right_length_is_replaced_by_what_is_right() {
    for content in [bytes(1, 1_500), bytes(2, 40_000), bytes(3, 100_000)] {
        for damage in ["flipped", "cut", "folder", "unreadable"] {
            let bench = bench();
            let record = bench.log().await;
            let cache = Cache::new(bench.path("cache"));
            let first = faulty(&bench);
            bench
                .get_over(&over(&first, cache.clone()), &record, &options())
                .await
                .unwrap();
            let entry = entries_with(&bench, &content).pop().unwrap();
            let mut wrong = content.clone();
            match damage {
                "flipped" => {
                    wrong[700] ^= 1;
                    fs::write(&entry, wrong).unwrap();
                }
                "cut" => fs::write(&entry, &wrong[..1_000]).unwrap(),
                "folder" => {
                    fs::remove_file(&entry).unwrap();
                    std::os::unix::fs::symlink(bench.path("data"), &entry).unwrap();
                }
                _ => {
                    let nobody = std::os::unix::fs::PermissionsExt::from_mode(0o000);
                    fs::set_permissions(&entry, nobody).unwrap();
                }
            }
            fs::remove_dir_all(bench.path("out")).unwrap();
            let second = faulty(&bench);
            let seen = Recorder::shared();
            let flow = Flow {
                progress: Arc::clone(&seen) as Arc<dyn artifact_flows::Progress>,
                ..over(&second, cache)
            };
            let fetched = bench.get_over(&flow, &record, &options()).await.unwrap();
            assert_eq!(fetched.placed_files, 5, "{damage}");
            assert_same_tree(&bench.path("data"), &bench.path("out"));
            let (files, told, _) = seen.download();
            assert_eq!((files, told), (5, record.size), "{damage}");
            let asked = second.streams.asked();
            // Root reads what nobody may.
            if damage == "flipped" || damage == "cut" {
                assert!(!asked.is_empty(), "{damage}");
                assert_eq!(entries_with(&bench, &content).len(), 1, "{damage}");
            }
            assert!(asked.iter().all(|asked| asked.content == content));
        }
    }
}

/// A cache in memory's order, over a folder, that notes what was said to it.
#[derive(Debug, Default)]
struct Noting {
    folder: PathBuf,
    entries: Mutex<BTreeMap<String, PathBuf>>,
    said: Mutex<Vec<String>>,
}

impl Noting {
    fn over(bench: &Workbench) -> Self {
        Self {
            folder: bench.path("cache"),
            ..Self::default()
        }
    }

    fn say(&self, what: &str, digest: &ContentDigest) {
        self.said.lock().unwrap().push(format!("{what} {digest}"));
    }
}

impl ContentCache for Noting {
    fn find(&self, digest: &ContentDigest) -> Option<PathBuf> {
        self.entries
            .lock()
            .unwrap()
            .get(&digest.to_string())
            .cloned()
    }

    fn keep(&self, digest: &ContentDigest, file: &Path) {
        // What it gets is right, and not where the user could change it.
        let content = fs::read(file).unwrap();
        let found = manifest_digest(digest, &content);
        assert_eq!(found, *digest);
        assert!(
            file.to_str().unwrap().contains(".wandb-rs-tmp"),
            "{}",
            file.display()
        );
        self.say("keep", digest);
    }

    fn keep_bytes(&self, digest: &ContentDigest, content: &[u8]) {
        assert_eq!(manifest_digest(digest, content), *digest);
        self.say("keep", digest);
    }

    fn adopt(&self, digest: &ContentDigest, file: &Path) {
        assert_eq!(manifest_digest(digest, &fs::read(file).unwrap()), *digest);
        assert!(file.starts_with(self.staging()), "{}", file.display());
        self.say("keep", digest);
    }

    fn staging(&self) -> PathBuf {
        self.folder.join("staging")
    }

    fn distrust(&self, digest: &ContentDigest) {
        self.entries.lock().unwrap().remove(&digest.to_string());
        self.say("distrust", digest);
    }
}

fn manifest_digest(like: &ContentDigest, content: &[u8]) -> ContentDigest {
    manifest::ContentHasher::digest(like.algorithm(), content)
}

#[tokio::test]
async fn only_what_came_from_afar_and_was_verified_is_kept() {
    let bench = bench();
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| match asked.nth {
        0 => Fault::Flipped(5),
        _ => Fault::Whole,
    });
    let faulty = FaultyFlow::new(&bench, streams);
    let cache = Arc::new(Noting::over(&bench));
    let flow = Flow {
        cache: Some(Arc::clone(&cache) as Arc<dyn ContentCache>),
        ..faulty.flow.clone()
    };
    bench.get_over(&flow, &record, &options()).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert_eq!(cache.said.lock().unwrap().len(), 5);
    // What was on its way to the cache is not left behind.
    assert_eq!(fs::read_dir(cache.staging()).unwrap().count(), 0);

    // Local files are as near as the cache.
    cache.said.lock().unwrap().clear();
    fs::remove_dir_all(bench.path("out")).unwrap();
    let local = Flow {
        cache: Some(Arc::clone(&cache) as Arc<dyn ContentCache>),
        ..bench.flow.clone()
    };
    bench.get_over(&local, &record, &options()).await.unwrap();
    assert_eq!(*cache.said.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_wrong_entry_is_distrusted_once_and_fetched() {
    let bench = bench();
    let record = bench.log().await;
    let cache = Noting::over(&bench);
    let wrong = bench.path("wrong");
    fs::write(&wrong, bytes(9, 40_000)).unwrap();
    let digest = manifest::ContentHasher::digest(record.algorithm, &bytes(2, 40_000));
    cache
        .entries
        .lock()
        .unwrap()
        .insert(digest.to_string(), wrong.clone());
    let cache = Arc::new(cache);
    let faulty = faulty(&bench);
    let flow = Flow {
        cache: Some(Arc::clone(&cache) as Arc<dyn ContentCache>),
        ..faulty.flow.clone()
    };
    bench.get_over(&flow, &record, &options()).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    let said = cache.said.lock().unwrap();
    let about: Vec<_> = said
        .iter()
        .filter(|said| said.ends_with(&digest.to_string()))
        .collect();
    assert_eq!(
        about,
        [&format!("distrust {digest}"), &format!("keep {digest}")]
    );
    assert_eq!(fs::read(wrong).unwrap(), bytes(9, 40_000));
}
