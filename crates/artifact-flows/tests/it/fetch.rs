//! Getting a version: what is placed, what is left alone, what is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use artifact_core::{AddReference, FileStamp};
use artifact_flows::{FetchOptions, FlowError};

use crate::workbench::{Workbench, assert_same_tree, bytes, chain, log, tree, wait_until_settled};

fn bench() -> Workbench {
    Workbench::with(&[
        ("a", b"a"),
        ("empty", b""),
        ("folder/b", &bytes(1, 70_000)),
        ("folder/inner/c", &bytes(2, 1_000_000)),
        ("folder.txt", b"not in the folder"),
        ("\u{1F600} name with space", b"odd"),
        (".hidden", b"hidden"),
    ])
}

#[tokio::test]
async fn what_is_got_is_what_was_logged() {
    let bench = bench();
    let record = bench.log().await;
    let fetched = bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert_eq!((fetched.placed_files, fetched.kept_files), (7, 0));
    assert_eq!(fetched.placed_bytes, record.size);
}

/// Returns the stamp that shows whether a file was touched.
fn identity(path: &Path) -> FileStamp {
    artifact_flows::stat_file(path).unwrap()
}

fn identities(root: &Path) -> Vec<(PathBuf, FileStamp)> {
    let paths = tree(root).into_keys();
    paths.map(|path| (path.clone(), identity(&path))).collect()
}

#[tokio::test]
async fn files_that_are_right_are_not_touched() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let before = identities(&bench.path("out"));
    // By the cache, and without one.
    for flow in [bench.flow.clone(), bench.forgetful()] {
        let options = FetchOptions::default();
        let again = bench.get_over(&flow, &record, &options).await.unwrap();
        assert_eq!((again.placed_files, again.kept_files), (0, 7));
        assert_eq!(again.kept_bytes, record.size);
        assert_eq!(identities(&bench.path("out")), before);
    }
}

#[tokio::test]
async fn only_what_is_wrong_is_replaced() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let kept = identity(&bench.out("folder/b"));
    fs::write(bench.out("a"), "z").unwrap();
    fs::write(bench.out("empty"), "no more").unwrap();
    fs::remove_file(bench.out("folder/inner/c")).unwrap();
    let again = bench.get(&record).await.unwrap();
    assert_eq!((again.placed_files, again.kept_files), (3, 4));
    assert_eq!(identity(&bench.out("folder/b")), kept);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

/// Replaces what was got by other content of the same length in the way of `replace`, and expects it to be put right.
async fn assert_noticed(replace: impl Fn(&Workbench, &Path)) {
    let bench = Workbench::with(&[("a", b"content")]);
    let record = bench.log().await;
    // Otherwise the time that placed files get is too recent for the cache.
    std::thread::sleep(Duration::from_millis(100));
    bench.get(&record).await.unwrap();
    bench.get(&record).await.unwrap();
    wait_until_settled(&bench.out("a"));
    replace(&bench, &bench.out("a"));
    let again = bench.get(&record).await.unwrap();
    assert_eq!(again.placed_files, 1);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn other_content_of_the_same_length_is_noticed() {
    assert_noticed(|_, path| fs::write(path, "CONTENT").unwrap()).await;
}

#[tokio::test]
async fn other_content_that_is_older_is_noticed() {
    assert_noticed(|_, path| {
        fs::write(path, "CONTENT").unwrap();
        let file = fs::File::options().append(true).open(path).unwrap();
        let earlier = SystemTime::now() - Duration::from_secs(100_000);
        file.set_modified(earlier).unwrap();
    })
    .await;
}

#[tokio::test]
async fn other_content_with_the_same_time_is_noticed() {
    assert_noticed(|bench, path| {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        // In place, and by another file.
        for target in [path.to_owned(), bench.path("other")] {
            fs::write(&target, "CONTENT").unwrap();
            let file = fs::File::options().append(true).open(&target).unwrap();
            file.set_modified(modified).unwrap();
            fs::rename(&target, path).unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn placed_files_can_be_written_to_without_changing_the_store() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    for path in tree(&bench.path("out")).into_keys() {
        assert!(!fs::metadata(&path).unwrap().permissions().readonly());
        fs::write(path, "overwritten").unwrap();
    }
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn exact_removes_what_does_not_belong_and_nothing_else() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let before = identities(&bench.path("out"));
    fs::create_dir_all(bench.out("extra/deep")).unwrap();
    fs::write(bench.out("extra/deep/file"), "x").unwrap();
    fs::write(bench.out("folder/extra"), "x").unwrap();
    fs::write(bench.out("zzz"), "x").unwrap();
    let plain = bench.get(&record).await.unwrap();
    assert_eq!(plain.removed, []);
    assert!(bench.out("zzz").exists());

    let exact = FetchOptions {
        exact: true,
        ..FetchOptions::default()
    };
    let fetched = bench.get_with(&record, &exact).await.unwrap();
    let removed: Vec<_> = fetched.removed.iter().map(ToString::to_string).collect();
    assert_eq!(removed, ["extra/deep/file", "folder/extra", "zzz"]);
    assert_eq!(identities(&bench.path("out")), before);
    assert!(!bench.out("extra").exists(), "empty folders go, too");
}

#[tokio::test]
async fn exact_into_a_folder_that_is_not_there_yet() {
    let bench = bench();
    let record = bench.log().await;
    let exact = FetchOptions {
        exact: true,
        ..FetchOptions::default()
    };
    let fetched = bench.get_with(&record, &exact).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.removed.len()), (7, 0));
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

/// Gets a part of the version, and returns the paths that were placed.
async fn part(options: FetchOptions) -> Vec<String> {
    let bench = bench();
    let record = bench.log().await;
    bench.get_with(&record, &options).await.unwrap();
    let root = bench.path("out");
    tree(&root)
        .into_keys()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect()
}

#[tokio::test]
async fn a_prefix_is_the_beginning_of_the_path() {
    let prefix = |prefix: &str| FetchOptions {
        path_prefix: Some(prefix.to_owned()),
        ..FetchOptions::default()
    };
    assert_eq!(
        part(prefix("folder")).await,
        ["folder/b", "folder/inner/c", "folder.txt"]
    );
    assert_eq!(
        part(prefix("folder/")).await,
        ["folder/b", "folder/inner/c"]
    );
    assert_eq!(part(prefix("older")).await, [""; 0]);
}

#[tokio::test]
async fn a_star_stays_within_a_folder_and_two_do_not() {
    let include = |patterns: &[&str]| FetchOptions {
        include: patterns.iter().map(|&pattern| pattern.into()).collect(),
        ..FetchOptions::default()
    };
    assert_eq!(part(include(&["folder/*"])).await, ["folder/b"]);
    assert_eq!(
        part(include(&["folder/**"])).await,
        ["folder/b", "folder/inner/c"]
    );
    assert_eq!(part(include(&["*.txt", "a"])).await, ["a", "folder.txt"]);
    let both = FetchOptions {
        path_prefix: Some("folder/".into()),
        ..include(&["**/c", "a"])
    };
    assert_eq!(part(both).await, ["folder/inner/c"]);
}

#[tokio::test]
async fn a_pattern_that_cannot_be_read_is_an_error_before_anything_happens() {
    let bench = bench();
    let record = bench.log().await;
    let options = FetchOptions {
        include: vec!["a[".into()],
        ..FetchOptions::default()
    };
    let error = bench.get_with(&record, &options).await.unwrap_err();
    assert!(matches!(error, FlowError::Pattern { .. }), "{error:?}");
    assert!(!bench.path("out").exists());
}

#[tokio::test]
async fn a_file_where_the_root_must_be_is_named() {
    let bench = bench();
    let record = bench.log().await;
    fs::write(bench.path("out"), "a file").unwrap();
    let error = bench.get(&record).await.unwrap_err();
    assert!(matches!(error, FlowError::Write { .. }), "{error:?}");
    assert_eq!(fs::read(bench.path("out")).unwrap(), b"a file");
}

#[tokio::test]
async fn a_folder_where_a_file_must_be_is_named_and_stays() {
    let bench = bench();
    let record = bench.log().await;
    fs::create_dir_all(bench.out("a")).unwrap();
    fs::write(bench.out("a/mine"), "mine").unwrap();
    let error = bench.get(&record).await.unwrap_err();
    let text = chain(&error);
    assert!(
        text.contains("out/a") && text.contains("irectory"),
        "{text}"
    );
    assert_eq!(fs::read(bench.out("a/mine")).unwrap(), b"mine");
    assert!(!bench.out(".wandb-rs-tmp").exists());
}

#[tokio::test]
async fn a_file_where_a_folder_must_be_is_named_and_stays() {
    let bench = bench();
    let record = bench.log().await;
    fs::create_dir(bench.path("out")).unwrap();
    fs::write(bench.out("folder"), "mine").unwrap();
    let error = bench.get(&record).await.unwrap_err();
    let text = chain(&error);
    assert!(
        text.contains("out/folder") && text.contains("not a directory"),
        "{text}"
    );
    assert_eq!(fs::read(bench.out("folder")).unwrap(), b"mine");
    assert!(!bench.out(".wandb-rs-tmp").exists());
}

#[tokio::test]
async fn two_versions_into_one_folder_leave_the_second() {
    let bench = Workbench::with(&[("a", b"first"), ("b", b"both")]);
    let first = bench.log().await;
    bench.write("a", b"again");
    let second = bench.log().await;
    for record in [&first, &second, &first, &second] {
        let fetched = bench.get(record).await.unwrap();
        assert_eq!(fetched.placed_files + fetched.kept_files, 2);
    }
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn an_artifact_gets_into_a_folder_within_another() {
    let bench = bench();
    let record = bench.log().await;
    let root = bench.path("x/y/z");
    let options = FetchOptions::default();
    artifact_flows::fetch(
        &bench.flow,
        &record,
        &root,
        &options,
        &crate::workbench::resolvers(),
    )
    .await
    .unwrap();
    assert_same_tree(&bench.path("data"), &root);
}

/// Logs references to two files, and returns the version; the files are in the folder `referenced`.
async fn with_references(bench: &Workbench) -> artifact_core::ports::ArtifactRecord {
    fs::create_dir_all(bench.path("referenced")).unwrap();
    for name in ["x", "y"] {
        fs::write(bench.path("referenced").join(name), name.repeat(100_000)).unwrap();
    }
    let mut draft = bench.draft();
    let uri = format!("file://{}", bench.path("referenced").display());
    let mut reference = AddReference::new(uri.parse().unwrap());
    reference.name = Some("refs".parse().unwrap());
    draft.add_reference(reference);
    log(&bench.flow, draft).await.unwrap().record
}

#[tokio::test]
async fn references_are_placed_like_any_file() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = with_references(&bench).await;
    let stored = bench.blobs().len();
    assert_eq!(stored, 2, "a file and the manifest");
    let fetched = bench.get(&record).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.placed_bytes), (3, 200_001));
    assert_same_tree(&bench.path("referenced"), &bench.out("refs"));
    // Copies: writing to them changes nothing elsewhere.
    fs::write(bench.out("refs/x"), "overwritten").unwrap();
    assert_eq!(
        fs::metadata(bench.path("referenced/x")).unwrap().len(),
        100_000
    );
    let again = bench.get(&record).await.unwrap();
    assert_eq!((again.placed_files, again.kept_files), (1, 2));
}

#[tokio::test]
async fn a_reference_that_is_gone_is_an_error_unless_allowed() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = with_references(&bench).await;
    fs::remove_file(bench.path("referenced/y")).unwrap();
    let error = bench.get(&record).await.unwrap_err();
    assert!(chain(&error).contains("referenced/y"), "{error}");
    assert!(!bench.out("refs/y").exists());

    let allowed = FetchOptions {
        allow_missing_references: true,
        ..FetchOptions::default()
    };
    let fetched = bench.get_with(&record, &allowed).await.unwrap();
    assert_eq!(
        fetched.missing_references,
        ["refs/y".parse::<artifact_core::LogicalPath>().unwrap()]
    );
    assert!(bench.out("a").exists() && bench.out("refs/x").exists());
    assert!(!bench.out("refs/y").exists());
}

#[tokio::test]
async fn a_reference_with_other_content_is_never_handed_out() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = with_references(&bench).await;
    let path = bench.path("referenced/y");
    for content in ["z".repeat(100_000), "short".into()] {
        fs::write(&path, content).unwrap();
        for allow_missing_references in [false, true] {
            let options = FetchOptions {
                allow_missing_references,
                ..FetchOptions::default()
            };
            let error = bench.get_with(&record, &options).await.unwrap_err();
            assert!(chain(&error).contains('y'), "{error}");
            assert!(!bench.out("refs/y").exists());
        }
    }
}

#[tokio::test]
async fn what_dead_processes_left_in_and_around_the_folder_goes() {
    let bench = bench();
    let record = bench.log().await;
    // Around it lies what many fetches at once have in common.
    for folder in [bench.out(".wandb-rs-tmp"), bench.path(".wandb-rs-tmp")] {
        for name in ["killed", "long-gone"] {
            fs::create_dir_all(folder.join(name)).unwrap();
            fs::write(folder.join(name).join("0"), "half").unwrap();
        }
        fs::write(folder.join("killed.lock"), "").unwrap();
    }
    bench.get(&record).await.unwrap();
    assert!(!bench.out(".wandb-rs-tmp").exists());
    assert!(!bench.path(".wandb-rs-tmp").exists());

    let busy = bench.path(".wandb-rs-tmp/busy");
    fs::create_dir_all(&busy).unwrap();
    let lock = fs::File::create(busy.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    bench.get(&record).await.unwrap();
    assert!(busy.exists());
}
