//! Differences between two versions, by path and within files.

use artifact_core::ports::ArtifactRecord;
use artifact_flows::{ContentDiff, diff};

use crate::workbench::{Workbench, log};

/// Returns a `.safetensors` file with this header, and a value behind it.
fn safetensors(header: &str) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend([0; 64]);
    file
}

async fn logged(bench: &Workbench, files: &[(&str, &[u8])]) -> ArtifactRecord {
    for (path, content) in files {
        bench.write(path, content);
    }
    log(&bench.flow, bench.draft()).await.unwrap().record
}

#[tokio::test]
async fn paths_that_came_went_and_changed_are_told_with_their_sizes() {
    let bench = Workbench::with(&[("same", b"same"), ("old", b"1"), ("changed", b"12")]);
    let older = bench.log().await;
    std::fs::remove_file(bench.data("old")).unwrap();
    let newer = logged(&bench, &[("new/file", b"123"), ("changed", b"1234")]).await;
    let found = diff(&bench.flow, &older, &newer).await.unwrap();
    let added: Vec<_> = found.added.iter().collect();
    assert_eq!(
        (added[0].path.as_str(), added[0].size),
        ("new/file", Some(3))
    );
    assert_eq!(
        (found.removed[0].path.as_str(), found.removed[0].size),
        ("old", Some(1))
    );
    let changed = &found.changed[0];
    assert_eq!(changed.path.as_str(), "changed");
    assert_eq!((changed.old_size, changed.new_size), (Some(2), Some(4)));
    assert_eq!(changed.content, None);
    assert_eq!(found.unchanged, 1);
    assert!(!found.is_empty());
    assert!(diff(&bench.flow, &newer, &newer).await.unwrap().is_empty());
}

#[tokio::test]
async fn tensors_and_rows_are_compared_where_both_versions_have_the_file() {
    let old = safetensors(r#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#);
    let names: Vec<_> = (0..5_000)
        .map(|n| format!(r#""t{n}": {{"dtype": "F16", "shape": [{n}], "data_offsets": [0, 0]}}"#))
        .collect();
    // Longer than what is read at first.
    let new = safetensors(&format!("{{{}}}", names.join(",")));
    let bench = Workbench::with(&[
        ("model.safetensors", &old),
        ("broken.safetensors", b"short"),
        (
            "t.table.json",
            br#"{"_type": "table", "data": [[1]], "nrows": 1}"#,
        ),
    ]);
    let older = bench.log().await;
    let table = br#"{"_type": "table", "data": [[1], [2]], "nrows": 2}"#;
    let newer = logged(
        &bench,
        &[
            ("model.safetensors", &new),
            ("broken.safetensors", b"shorter"),
            ("t.table.json", table),
        ],
    )
    .await;
    let found = diff(&bench.flow, &older, &newer).await.unwrap();
    let inside: Vec<_> = found
        .changed
        .iter()
        .map(|entry| entry.content.clone())
        .collect();
    match &inside[..] {
        [
            Some(ContentDiff::Unread { why }),
            Some(ContentDiff::Tensors(tensors)),
            Some(ContentDiff::Rows { old: 1, new: 2 }),
        ] => {
            assert!(why.contains("header"), "{why}");
            assert_eq!(tensors.added.len(), 5_000);
            assert_eq!(tensors.removed[0].name, "a");
        }
        other => panic!("{other:?}"),
    }
}
