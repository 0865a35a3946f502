//! Symbolic links in the folder that a version is got into: nothing is read, written or removed through them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use artifact_flows::{FetchOptions, FlowError, verify_folder};

use crate::workbench::{Workbench, assert_same_tree, bytes, tree};

/// A workbench with a version, and a folder `outside` whose files are none of its business.
struct Links {
    bench: Workbench,
    outside: PathBuf,
}

impl Links {
    fn new() -> Self {
        let bench = Workbench::with(&[("a", b"content"), ("folder/b", &bytes(1, 100_000))]);
        let outside = bench.path("outside");
        fs::create_dir(&outside).unwrap();
        for name in ["b", "precious"] {
            fs::write(outside.join(name), "precious").unwrap();
        }
        Self { bench, outside }
    }

    fn assert_outside_untouched(&self) {
        let names: Vec<_> = tree(&self.outside).into_iter().collect();
        let expected = ["b", "precious"].map(|name| (self.outside.join(name), b"precious".into()));
        assert_eq!(names, expected);
    }
}

fn exact() -> FetchOptions {
    FetchOptions {
        exact: true,
        ..FetchOptions::default()
    }
}

#[tokio::test]
async fn a_linked_folder_within_the_root_is_refused() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    fs::create_dir(bench.path("out")).unwrap();
    symlink(&links.outside, bench.out("folder")).unwrap();
    for options in [FetchOptions::default(), exact()] {
        let error = bench.get_with(&record, &options).await.unwrap_err();
        assert!(
            matches!(&error, FlowError::Link { path } if path.ends_with("out/folder")),
            "{error:?}"
        );
        links.assert_outside_untouched();
    }
    assert!(!bench.out(".wandb-rs-tmp").exists());
}

#[tokio::test]
async fn a_linked_folder_is_refused_even_if_its_files_are_right() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let elsewhere = bench.path("elsewhere");
    fs::rename(bench.out("folder"), &elsewhere).unwrap();
    fs::write(elsewhere.join("mine"), "mine").unwrap();
    symlink(&elsewhere, bench.out("folder")).unwrap();
    let before = tree(&elsewhere);
    for options in [FetchOptions::default(), exact()] {
        let error = bench.get_with(&record, &options).await.unwrap_err();
        assert!(matches!(error, FlowError::Link { .. }), "{error:?}");
        assert!(tree(&elsewhere) == before);
        assert!(bench.out("folder/b").exists());
    }
}

#[tokio::test]
async fn a_link_in_a_files_place_is_replaced_and_not_written_through() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    fs::create_dir_all(bench.out("folder")).unwrap();
    symlink(links.outside.join("precious"), bench.out("a")).unwrap();
    symlink(bench.path("leads/nowhere"), bench.out("folder/b")).unwrap();
    let fetched = bench.get(&record).await.unwrap();
    assert_eq!(fetched.placed_files, 2);
    links.assert_outside_untouched();
    for path in ["a", "folder/b"] {
        assert!(!bench.out(path).is_symlink());
    }
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn a_link_to_the_right_content_is_replaced_by_a_file() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    fs::create_dir_all(bench.path("out")).unwrap();
    symlink(bench.data("a"), bench.out("a")).unwrap();
    bench.get(&record).await.unwrap();
    assert!(!bench.out("a").is_symlink());
}

#[tokio::test]
async fn a_link_in_the_place_of_the_root_is_where_the_caller_wanted_it() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    fs::create_dir(bench.path("real")).unwrap();
    symlink(bench.path("real"), bench.path("out")).unwrap();
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("real"));
}

#[tokio::test]
async fn a_link_in_the_place_of_the_unfinished_files_is_refused() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    fs::create_dir(bench.path("out")).unwrap();
    symlink(&links.outside, bench.out(".wandb-rs-tmp")).unwrap();
    let error = bench.get(&record).await.unwrap_err();
    assert!(error.to_string().contains(".wandb-rs-tmp"), "{error}");
    links.assert_outside_untouched();
}

#[tokio::test]
async fn exact_removes_links_and_not_what_they_lead_to() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    symlink(&links.outside, bench.out("linked-folder")).unwrap();
    symlink(links.outside.join("precious"), bench.out("linked-file")).unwrap();
    let result = bench.get_with(&record, &exact()).await;
    links.assert_outside_untouched();
    result.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn exact_removes_links_that_lead_nowhere_or_back() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    symlink("nowhere", bench.out("broken")).unwrap();
    symlink(".", bench.out("loop")).unwrap();
    symlink("../..", bench.out("folder/up")).unwrap();
    let result = bench.get_with(&record, &exact()).await;
    links.assert_outside_untouched();
    result.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn verify_tells_of_links_as_extra_and_does_not_follow_them() {
    let links = Links::new();
    let bench = &links.bench;
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    symlink(&links.outside, bench.out("linked-folder")).unwrap();
    symlink("nowhere", bench.out("broken")).unwrap();
    symlink(".", bench.out("loop")).unwrap();
    let report = verify_folder(&bench.flow, &record, &bench.path("out"))
        .await
        .unwrap();
    let extra: Vec<_> = report.extra.iter().map(ToString::to_string).collect();
    assert_eq!(extra, ["broken", "linked-folder", "loop"]);
    assert_eq!((report.ok, report.is_ok()), (2, false));
}
