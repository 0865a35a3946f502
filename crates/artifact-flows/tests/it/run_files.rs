//! Files of runs: under which names they come, and that nothing damaged appears.

use std::fs;

use artifact_core::ports::{
    ArtifactCatalog as _, FileSelection, PageRequest, RunFileRecord, RunMessage, UploadBody,
};
use artifact_core::records::{RunAddress, RunChanges};
use artifact_flows::{FlowError, fetch_run_file};

use crate::workbench::{Workbench, open_engine, project};

/// Returns a file of a run that holds `content`.
async fn stored(bench: &Workbench, content: &[u8]) -> RunFileRecord {
    let run = RunAddress {
        project: project(),
        id: "r1".parse().unwrap(),
    };
    let registry = &bench.flow.registry;
    let created = registry.upsert_run(&run, RunChanges::default());
    created.await.unwrap();
    let name: artifact_core::LogicalPath = "notes.txt".parse().unwrap();
    let tickets = registry.request_run_uploads(&run, vec![name.clone()]).await;
    let ticket = tickets.unwrap().remove(0).unwrap();
    let body = UploadBody::Bytes(content);
    let sent = bench.flow.transfer.upload(&ticket, body, &|_| {});
    sent.await.unwrap();
    let uploaded = RunMessage {
        uploaded: vec![name],
        ..RunMessage::default()
    };
    registry.stream_run(&run, uploaded).await.unwrap();
    let engine = open_engine(&bench.path("store"));
    let everything = FileSelection::default();
    let files = engine.run_files(&run, &everything, PageRequest::first(10));
    files.await.unwrap().items.remove(0)
}

#[tokio::test]
async fn names_that_would_leave_the_folder_are_refused() {
    let bench = Workbench::new();
    let file = stored(&bench, b"content").await;
    let root = bench.path("out");
    for name in ["../evil", "/evil", "a/../../evil", "", "a\0b"] {
        let hostile = RunFileRecord {
            name: name.to_owned(),
            ..file.clone()
        };
        let refused = fetch_run_file(&bench.flow, &hostile, &root).await;
        assert!(
            matches!(refused, Err(FlowError::Invalid(_))),
            "{name:?}: {refused:?}"
        );
    }
    assert!(!root.exists());
}

#[tokio::test]
async fn a_file_of_another_length_or_digest_does_not_appear() {
    let bench = Workbench::new();
    let file = stored(&bench, b"content").await;
    let root = bench.path("out");
    let longer = RunFileRecord {
        size: 8,
        md5: None,
        ..file.clone()
    };
    let other = RunFileRecord {
        md5: Some(artifact_core::ContentDigest::Md5([0; 16])),
        ..file.clone()
    };
    for wrong in [longer, other] {
        let refused = fetch_run_file(&bench.flow, &wrong, &root).await;
        assert!(
            matches!(refused, Err(FlowError::Damaged { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    let here = fetch_run_file(&bench.flow, &file, &root).await.unwrap();
    assert_eq!(fs::read(here).unwrap(), b"content");
}
