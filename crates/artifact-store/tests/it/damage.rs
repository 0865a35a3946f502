//! Blobs that are gone or damaged, and disks that are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use artifact_core::ports::{DownloadTicket, Fetched, TransferError, UploadBody, UploadTicket};

use crate::store::Store;

#[tokio::test]
async fn a_missing_blob_is_gone_and_comes_back_when_logged_again() {
    let store = Store::new();
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("a", "content");
    let record = draft.log().await;
    for blob in store.blobs() {
        fs::remove_file(blob).unwrap();
    }
    let request = draft.download_request(&record.id, &["a"]);
    let tickets = fixture.registry.downloads(&request).await.unwrap();
    let fetched = fixture.transfer.download(&tickets[0], None).await;
    assert!(
        matches!(fetched, Err(TransferError::Gone { .. })),
        "{fetched:?}"
    );

    fixture.draft("other").file("b", "content").log().await;
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"content"]);
}

#[tokio::test]
async fn a_damaged_blob_is_put_right_when_logged_again() {
    let store = Store::new();
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("a", "content");
    let record = draft.log().await;
    for blob in store.blobs() {
        fs::set_permissions(&blob, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&blob, "CONTENT").unwrap();
    }
    fixture.draft("other").file("b", "content").log().await;
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"content"]);
}

#[tokio::test]
async fn blobs_cannot_be_written_to_by_accident() {
    let store = Store::new();
    let fixture = store.fixture();
    fixture.draft("data").file("a", "content").log().await;
    for blob in store.blobs() {
        assert_eq!(
            fs::metadata(&blob).unwrap().permissions().mode() & 0o777,
            0o444
        );
    }
}

#[tokio::test]
async fn a_large_file_is_taken_in_pieces_and_kept_once() {
    let store = Store::new();
    let fixture = store.fixture();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    fs::write(&path, &content).unwrap();
    let source = fs::File::open(&path).unwrap();

    let mut keys = Vec::new();
    for _ in 0..2 {
        let mut writer = fixture.transfer.ingest(&source).unwrap().unwrap();
        content
            .chunks(100_000)
            .for_each(|piece| writer.write(piece).unwrap());
        keys.push(writer.finish().unwrap());
    }
    assert_eq!(
        Some(keys[0]),
        fixture.transfer.ingest_bytes(&content).unwrap()
    );
    assert_eq!(keys[0], keys[1]);
    assert_eq!(store.blobs().len(), 1);
    let ticket = DownloadTicket {
        locator: format!("blob:{}", keys[0]),
    };
    let Fetched::File(stored) = fixture.transfer.download(&ticket, None).await.unwrap() else {
        panic!("a folder gives files");
    };
    assert!(fs::read(stored).unwrap() == content);
}

#[tokio::test]
async fn a_dropped_writer_leaves_nothing() {
    let store = Store::new();
    let fixture = store.fixture();
    let source = tempfile::tempfile().unwrap();
    let mut writer = fixture.transfer.ingest(&source).unwrap().unwrap();
    writer.write(b"half").unwrap();
    drop(writer);
    assert!(store.blobs().is_empty());
    drop(fixture);
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn tickets_of_others_are_refused() {
    let store = Store::new();
    let fixture = store.fixture();
    let locator = "https://example.com/?signature=secret".to_owned();
    let download = DownloadTicket {
        locator: locator.clone(),
    };
    let upload = UploadTicket {
        locator,
        headers: Vec::new(),
    };
    let fetched = fixture
        .transfer
        .download(&download, None)
        .await
        .unwrap_err();
    let sent = fixture
        .transfer
        .upload(&upload, UploadBody::Bytes(b""), &|_| ())
        .await
        .unwrap_err();
    for error in [fetched, sent] {
        assert!(
            matches!(error, TransferError::ForeignTicket { .. }),
            "{error:?}"
        );
        assert!(!error.to_string().contains("secret"));
    }
}
