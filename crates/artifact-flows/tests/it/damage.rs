//! Stored content that is damaged: never handed out, and the entry is named.

use std::fs;
use std::path::Path;

use artifact_flows::{FlowError, read_manifest, verify_stored};

use crate::workbench::{Workbench, bytes, chain, tree};

/// The lengths of files by way of reading: whole, in step, by two threads.
const LENGTHS: [usize; 4] = [1, 60_000, 400_000, (32 << 20) + 3];

fn flip(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

fn truncate(path: &Path) {
    let length = fs::metadata(path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length - 1).unwrap();
}

fn empty(path: &Path) {
    fs::write(path, "").unwrap();
}

fn grow(path: &Path) {
    let mut content = fs::read(path).unwrap();
    content.push(0);
    fs::write(path, content).unwrap();
}

fn delete(path: &Path) {
    fs::remove_file(path).unwrap();
}

fn replace_by_folder(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 6] = [
    ("flip", flip),
    ("truncate", truncate),
    ("empty", empty),
    ("grow", grow),
    ("delete", delete),
    ("replace by a folder", replace_by_folder),
];

#[tokio::test]
async fn damaged_content_is_never_handed_out() {
    for length in LENGTHS {
        for (name, damage) in DAMAGES {
            let is_huge = (32 << 20) <= length;
            if is_huge && name != "flip" && name != "truncate" {
                continue;
            }
            let case = format!("{name} of {length} bytes");
            let content = bytes(1, length);
            let bench = Workbench::with(&[
                ("dir/victim", &content),
                ("before", b"before"),
                ("zz/behind", &bytes(2, 100_000)),
            ]);
            let record = bench.log().await;
            damage(&bench.blob_of(&content));

            let error = bench.get(&record).await.unwrap_err();
            assert!(
                chain(&error).contains("victim"),
                "{case}: {}",
                chain(&error)
            );
            assert!(!bench.out("dir/victim").exists(), "{case}");
            assert!(!bench.out(".wandb-rs-tmp").exists(), "{case}");
            // What is there beside it is right.
            for (path, content) in tree(&bench.path("out")) {
                let relative = path.strip_prefix(bench.path("out")).unwrap();
                let original = bench.path("data").join(relative);
                assert!(
                    fs::read(original).unwrap() == content,
                    "{case}: {}",
                    relative.display()
                );
            }

            let report = verify_stored(&bench.flow, &record).await.unwrap();
            let found = match name {
                "delete" => &report.missing,
                _ => &report.changed,
            };
            assert_eq!(
                found.iter().map(ToString::to_string).collect::<Vec<_>>(),
                ["dir/victim"],
                "{case}: {report:?}"
            );
            assert_eq!((report.ok, report.is_ok()), (2, false), "{case}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_right_already_survives_a_damaged_blob() {
    let bench = Workbench::with(&[("a", b"content"), ("b", b"other")]);
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    flip(&bench.blob_of(b"content"));
    let fetched = bench.get(&record).await.unwrap();
    assert_eq!(fetched.kept_files, 2);
    // A wrong file is not replaced by a damaged one.
    fs::write(bench.out("a"), "CONTENT").unwrap();
    let error = bench.get(&record).await.unwrap_err();
    assert!(matches!(error, FlowError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::read(bench.out("a")).unwrap(), b"CONTENT");
}

#[tokio::test]
async fn logging_again_repairs() {
    for (name, damage) in DAMAGES {
        if name == "replace by a folder" {
            continue;
        }
        for length in &LENGTHS[..3] {
            let content = bytes(1, *length);
            let bench = Workbench::with(&[("a", &content)]);
            let record = bench.log().await;
            damage(&bench.blob_of(&content));
            // Without the cache, as it is the reading that puts content right.
            let flow = bench.forgetful();
            let mut draft = bench.draft();
            draft.add(
                "new".parse().unwrap(),
                artifact_core::Source::Bytes(bytes::Bytes::from_static(b"new")),
            );
            crate::workbench::log(&flow, draft).await.unwrap();
            let report = verify_stored(&bench.flow, &record).await.unwrap();
            assert!(report.is_ok(), "{name} of {length}: {report:?}");
        }
    }
}

#[tokio::test]
async fn every_flipped_byte_of_a_manifest_file_is_found_or_means_nothing() {
    let bench = Workbench::with(&[("a", b"content"), ("b/c", b"other")]);
    let record = bench.log().await;
    let original = read_manifest(&bench.flow, &record).await.unwrap();
    let blob = bench.manifest_blob();
    let whole = fs::read(&blob).unwrap();
    let mut unnoticed = Vec::new();
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        fs::write(&blob, &flipped).unwrap();
        match read_manifest(&bench.flow, &record).await {
            Ok(read) if !read.iter().eq(original.iter()) => {
                let from = place.saturating_sub(30);
                let around = &flipped[from..whole.len().min(place + 10)];
                unnoticed.push(String::from_utf8_lossy(around).into_owned());
            }
            Ok(_) => {}
            Err(error) => {
                let text = chain(&error);
                assert!(text.contains("manifest") && text.contains(":v0"), "{text}");
            }
        }
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[tokio::test]
async fn a_cut_or_missing_manifest_file_is_refused() {
    let bench = Workbench::with(&[("a", b"content"), ("b/c", b"other")]);
    let record = bench.log().await;
    let blob = bench.manifest_blob();
    let whole = fs::read(&blob).unwrap();
    for length in 0..whole.len() {
        fs::write(&blob, &whole[..length]).unwrap();
        let error = read_manifest(&bench.flow, &record).await.unwrap_err();
        assert!(chain(&error).contains("manifest"), "{error}");
    }
    let error = bench.get(&record).await.unwrap_err();
    assert!(matches!(error, FlowError::Manifest { .. }), "{error:?}");
    assert!(!bench.path("out").exists());

    fs::remove_file(&blob).unwrap();
    let error = bench.get(&record).await.unwrap_err();
    assert!(chain(&error).contains("manifest"), "{error}");
    assert!(!bench.path("out").exists());
}

#[tokio::test]
async fn the_manifest_of_another_version_is_refused() {
    let bench = Workbench::with(&[("a", b"first")]);
    let first = bench.log().await;
    let blob = bench.manifest_blob();
    let first_manifest = fs::read(&blob).unwrap();
    bench.write("a", b"other");
    let second = bench.log().await;
    // Now there are two: find the second by what it is not.
    let blobs = bench.blobs();
    let other = blobs.iter().find(|path| {
        let content = fs::read(path).unwrap();
        content.starts_with(b"{") && content != first_manifest
    });
    fs::copy(other.unwrap(), &blob).unwrap();
    bench.get(&second).await.unwrap();
    let error = bench.get(&first).await.unwrap_err();
    assert!(matches!(error, FlowError::Manifest { .. }), "{error:?}");
}
