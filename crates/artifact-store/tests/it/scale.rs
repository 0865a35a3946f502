//! Artifacts with many entries.

use artifact_core::ports::UploadSpec;

use crate::store::Store;

#[tokio::test]
async fn twenty_thousand_entries_commit() {
    const FILES: usize = 20_000;

    let store = Store::new();
    let fixture = store.fixture();
    let name = |n: usize| format!("{:03}/{n}.txt", n % 100);
    // Few contents, since this is not about blobs.
    let content = |n: usize| format!("content {}", n % 300);
    let draft = fixture.draft("data");
    let draft = (0..FILES).fold(draft, |draft, n| draft.file(&name(n), content(n)));
    let record = draft.log().await;
    assert_eq!(record.file_count, FILES as u64);
    let contents = draft.fetch(&record.id, &[&name(19_999), &name(0)]).await;
    assert_eq!(
        contents,
        [content(19_999).into_bytes(), content(0).into_bytes()]
    );
}

#[tokio::test]
async fn a_manifest_in_any_order_is_the_same_manifest() {
    const FILES: usize = 2500;

    let store = Store::new();
    let fixture = store.fixture();
    let draft = (0..FILES).fold(fixture.draft("data"), |draft, n| {
        draft.file(&format!("{n:05}"), n.to_string())
    });
    let draft = (0..FILES).fold(draft, |draft, n| {
        draft.reference(&format!("{n:05}-ref"), "s3://bucket/key", 1)
    });
    let pending = draft.begin().await;
    // One that the manifest will not list.
    let extra = UploadSpec {
        path: "00700-unlisted".parse().unwrap(),
        digest: draft.digest_of(b"unlisted"),
        size: Some(8),
        md5: None,
        part_md5s: Vec::new(),
        stored_as: fixture.transfer.ingest_bytes(b"unlisted").unwrap(),
    };
    draft.request(&pending, vec![extra]).await;
    let births = draft.send_files(&pending).await;

    let sorted: serde_json::Value = serde_json::from_slice(&draft.manifest_file(&births)).unwrap();
    let mut entries: Vec<_> = sorted["contents"].as_object().unwrap().iter().collect();
    // A fixed shuffle: 2003 is prime to the number of entries.
    let count = entries.len();
    entries = (0..count).map(|n| entries[n * 2003 % count]).collect();
    let contents: Vec<_> = entries
        .iter()
        .map(|(path, entry)| format!("{path:?}:{entry}"))
        .collect();
    let head = r#""version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"}"#;
    let file = |contents: &[String]| format!("{{{head},\"contents\":{{{}}}}}", contents.join(","));

    let twice = [contents.as_slice(), &contents[17..18]].concat();
    let refused = draft.send_manifest(&pending, file(&twice).as_bytes()).await;
    assert!(refused.is_err());
    draft
        .send_manifest(&pending, file(&contents).as_bytes())
        .await
        .unwrap();
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_eq!(record.file_count, 2 * FILES as u64);
    assert_eq!(draft.fetch(&record.id, &["02499"]).await, [b"2499"]);
    let unlisted = draft.download_request(&record.id, &["00700-unlisted"]);
    assert!(fixture.registry.downloads(&unlisted).await.is_err());
    drop((draft, fixture));
    assert_eq!(
        store.blobs().len(),
        FILES + 1,
        "the unlisted content is gone"
    );
}
