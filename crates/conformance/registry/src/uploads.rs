//! Rules on uploads: which content is requested, and the effects of missing or wrong content.

use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ports::{RegistryError, UploadBody};

use crate::Fixture;
use crate::draft::{Draft, Pending};

/// Asserts that a version cannot be committed, and that nothing has come of it.
async fn assert_not_committed(fixture: &Fixture, draft: &Draft, pending: &Pending) {
    let committed = fixture.registry.commit_artifact(&pending.id).await;
    assert!(
        matches!(
            committed,
            Err(RegistryError::WrongState { .. }
                | RegistryError::MissingContent { .. }
                | RegistryError::Rejected { .. })
        ),
        "{committed:?}"
    );
    assert!(
        fixture
            .registry
            .artifact(&pending.id.clone().into())
            .await
            .is_err()
    );
    assert_eq!(
        draft.log().await.version.get(),
        0,
        "the next version is the first"
    );
}

/// `request_uploads` answers in the order of the request, one grant per file.
pub async fn grants_come_in_order(fixture: Fixture) {
    const FILES: usize = 60;

    let draft = (0..FILES).fold(fixture.draft("data"), |draft, n| {
        draft.file(&format!("f{n:02}"), format!("content {n}"))
    });
    let pending = draft.begin().await;
    let mut specs = draft.specs();
    // Unsorted, and every third file offered beforehand.
    specs.reverse();
    specs.rotate_left(FILES / 3);
    for spec in specs.iter_mut().step_by(3) {
        spec.stored_as = fixture
            .transfer
            .ingest_bytes(draft.content(&spec.path))
            .unwrap();
    }
    let grants = draft.request(&pending, specs.clone()).await;
    assert_eq!(grants.len(), FILES);
    for (spec, grant) in specs.iter().zip(&grants) {
        // In another order, these bytes would not have the ticket's digest.
        if let Some(ticket) = &grant.ticket {
            let body = UploadBody::Bytes(draft.content(&spec.path));
            fixture
                .transfer
                .upload(ticket, body, &|_| ())
                .await
                .unwrap();
        }
    }
    let births = specs
        .into_iter()
        .zip(grants)
        .map(|(spec, grant)| (spec.path, grant.birth_artifact));
    let file = draft.manifest_file(&births.collect());
    draft.send_manifest(&pending, &file).await.unwrap();
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_eq!(record.file_count, FILES as u64);
    assert_eq!(
        draft.fetch(&record.id, &["f00", "f59"]).await,
        [b"content 0".to_vec(), b"content 59".to_vec()]
    );
}

/// A key from `ingest_bytes` is accepted as `stored_as`: the content need not be sent again.
pub async fn stored_content_is_not_asked_for(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "content");
    let pending = draft.begin().await;
    let mut specs = draft.specs();
    specs[0].stored_as = fixture.transfer.ingest_bytes(b"content").unwrap();
    if specs[0].stored_as.is_none() {
        return; // This adapter takes nothing before it is asked for.
    }
    let grants = draft.request(&pending, specs).await;
    assert_eq!(grants[0].ticket, None);
}

/// Content is born in the version that stored it first.
pub async fn content_is_born_once(fixture: Fixture) {
    let v0 = fixture.draft("data").file("a", "kept").log().await;
    let draft = fixture.draft("data").file("a", "kept").file("b", "new");
    let pending = draft.begin().await;
    let births = draft.send_files(&pending).await;
    assert_eq!(births[&"b".parse().unwrap()], pending.id);
    let stored_by_key = fixture.transfer.ingest_bytes(b"kept").unwrap().is_some();
    if stored_by_key {
        assert_eq!(births[&"a".parse().unwrap()], v0.id);
    }
}

/// Bytes that are not what was announced are refused, and not kept as if they were.
pub async fn wrong_bytes_are_refused(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "announced");
    let pending = draft.begin().await;
    let grants = draft.request(&pending, draft.specs()).await;
    let ticket = grants[0]
        .ticket
        .as_ref()
        .expect("nothing was offered before");
    for wrong in ["something", "announced and more", ""] {
        let sent = fixture
            .transfer
            .upload(ticket, UploadBody::Bytes(wrong.as_bytes()), &|_| ())
            .await;
        assert!(sent.is_err(), "{wrong:?}");
    }
    let births = [("a".parse().unwrap(), pending.id.clone())].into();
    _ = draft
        .send_manifest(&pending, &draft.manifest_file(&births))
        .await;
    assert_not_committed(&fixture, &draft, &pending).await;
}

/// Sending the same body again is harmless, also after the manifest.
pub async fn body_sent_twice_is_harmless(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "announced");
    let pending = draft.begin().await;
    let grants = draft.request(&pending, draft.specs()).await;
    let ticket = grants[0]
        .ticket
        .as_ref()
        .expect("nothing was offered before");
    let body = UploadBody::Bytes(b"announced");
    fixture
        .transfer
        .upload(ticket, body, &|_| ())
        .await
        .unwrap();
    fixture
        .transfer
        .upload(ticket, body, &|_| ())
        .await
        .unwrap();
    let births = [("a".parse().unwrap(), grants[0].birth_artifact.clone())].into();
    draft
        .send_manifest(&pending, &draft.manifest_file(&births))
        .await
        .unwrap();
    fixture
        .transfer
        .upload(ticket, body, &|_| ())
        .await
        .unwrap();
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"announced"]);
}

/// `upload` tells of each byte at least once before it returns.
pub async fn upload_tells_of_every_byte(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "announced");
    let pending = draft.begin().await;
    let grants = draft.request(&pending, draft.specs()).await;
    let ticket = grants[0]
        .ticket
        .as_ref()
        .expect("nothing was offered before");
    let sent = AtomicU64::new(0);
    let on_sent = |more| _ = sent.fetch_add(more, Ordering::Relaxed);
    let body = UploadBody::Bytes(b"announced");
    let uploaded = fixture.transfer.upload(ticket, body, &on_sent).await;
    uploaded.unwrap();
    assert!(9 <= sent.load(Ordering::Relaxed));
}

/// `commit_artifact` fails, and commits nothing, when content of an entry is missing.
pub async fn missing_content_commits_nothing(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "a").file("b", "b");
    let pending = draft.begin().await;
    let only_a = draft.specs().into_iter().take(1).collect();
    let grants = draft.request(&pending, only_a).await;
    if let Some(ticket) = &grants[0].ticket {
        fixture
            .transfer
            .upload(ticket, UploadBody::Bytes(b"a"), &|_| ())
            .await
            .unwrap();
    }
    // A registry may notice when the manifest comes, or when it is asked to commit.
    _ = draft
        .send_manifest(&pending, &draft.manifest_file(&[].into()))
        .await;
    assert_not_committed(&fixture, &draft, &pending).await;
}

/// A version without a manifest cannot be committed.
pub async fn missing_manifest_commits_nothing(fixture: Fixture) {
    let draft = fixture.draft("data").file("a", "a");
    let pending = draft.begin().await;
    draft.send_files(&pending).await;
    assert_not_committed(&fixture, &draft, &pending).await;
}

/// A version whose entries do not have the digest that was announced cannot be committed.
pub async fn wrong_digest_commits_nothing(fixture: Fixture) {
    let (announced, other) = (
        fixture.draft("data").file("a", "a"),
        fixture.draft("data").file("a", "b"),
    );
    let pending = announced.begin().await;
    let births = other.send_files(&pending).await;
    _ = other
        .send_manifest(&pending, &other.manifest_file(&births))
        .await;
    assert_not_committed(&fixture, &announced, &pending).await;
}
