//! Rules on downloads: entries and manifests come back as they were logged.

use artifact_core::DigestAlgorithm;

use crate::Fixture;

/// The content of entries comes back in the order of the request, and the manifest as it was sent.
pub async fn content_comes_back(fixture: Fixture) {
    let large = vec![7; 3 << 20];
    let draft = fixture
        .draft("data")
        .file("empty", "")
        .file("nested/ä b.txt", "text")
        .file("same/1", "same")
        .file("same/2", "same")
        .file("large.bin", &large);
    let pending = draft.begin().await;
    let births = draft.send_files(&pending).await;
    let manifest = draft.manifest_file(&births);
    draft.send_manifest(&pending, &manifest).await.unwrap();
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();

    assert_eq!(record.file_count, 5);
    assert_eq!(record.size, 12 + large.len() as u64);
    assert_eq!(record.digest, draft.digest());
    let paths = ["same/2", "large.bin", "empty", "nested/ä b.txt", "same/1"];
    let contents = draft.fetch(&record.id, &paths).await;
    assert!(
        contents
            == [
                b"same".to_vec(),
                large,
                Vec::new(),
                b"text".to_vec(),
                b"same".to_vec()
            ]
    );
    assert_eq!(draft.fetch_manifest(&record.id).await, manifest);
}

/// Artifacts of either hash function are logged and found; the function is part of what makes a version.
pub async fn both_hash_functions_are_known(fixture: Fixture) {
    let md5 = fixture.draft("data").file("a", "a");
    let xxh = md5
        .clone()
        .with(|request| request.algorithm = DigestAlgorithm::Xxh128);
    let (v0, v1) = (md5.log().await, xxh.log().await);
    assert_eq!(
        (v0.algorithm, v1.algorithm),
        (DigestAlgorithm::Md5, DigestAlgorithm::Xxh128)
    );
    assert_ne!((v0.version, v0.digest), (v1.version, v1.digest));
    assert_eq!(xxh.log().await.id, v1.id);
    assert_eq!(xxh.fetch(&v1.id, &["a"]).await, [b"a"]);
}

/// An artifact without entries is a version like any other.
pub async fn empty_artifact_is_one(fixture: Fixture) {
    let record = fixture.draft("nothing").log().await;
    assert_eq!(
        record.digest.to_string(),
        "64e7c61456b10382e2f3b571ac24b659"
    );
    assert_eq!((record.size, record.file_count), (0, 0));
}

/// References count as entries and with their sizes; their content is not asked for.
pub async fn references_are_kept(fixture: Fixture) {
    let draft = fixture
        .draft("data")
        .file("a", "four")
        .reference("b", "s3://bucket/b", 100)
        .reference("0", "https://example.com/0", 7);
    let record = draft.log().await;
    assert_eq!((record.size, record.file_count), (111, 3));
    let manifest: serde_json::Value =
        serde_json::from_slice(&draft.fetch_manifest(&record.id).await).unwrap();
    assert_eq!(manifest["contents"]["b"]["ref"], "s3://bucket/b");
}

/// An entry may take over content of an earlier version of its collection without sending it, but of no other.
pub async fn content_of_earlier_versions_can_be_kept(fixture: Fixture) {
    let first = fixture.draft("data").file("a", "kept").file("b", "dropped");
    let v0 = first.log().await;
    let second = fixture
        .draft("data")
        .keep("a", b"kept", &v0.id)
        .file("c", "new");
    let v1 = second.log().await;
    assert_eq!(v1.version.get(), 1);
    assert_eq!(
        second.fetch(&v1.id, &["a", "c"]).await,
        [b"kept".to_vec(), b"new".to_vec()]
    );
    assert_eq!(first.fetch(&v0.id, &["b"]).await, [b"dropped"]);
    let third = fixture
        .draft("data")
        .keep("a", b"kept", &v0.id)
        .keep("c", b"new", &v1.id);
    let v2 = third.file("d", "newer").log().await;
    assert_eq!(
        second.fetch(&v2.id, &["c", "a"]).await,
        [b"new".to_vec(), b"kept".to_vec()]
    );

    let foreign = fixture.draft("other").keep("a", b"kept", &v0.id);
    let pending = foreign.begin().await;
    let sent = foreign
        .send_manifest(&pending, &foreign.manifest_file(&[].into()))
        .await;
    let committed = fixture.registry.commit_artifact(&pending.id).await;
    assert!(sent.is_err() || committed.is_err());
    assert!(fixture.registry.artifact(&pending.id.into()).await.is_err());
}
