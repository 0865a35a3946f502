//! Rules on visibility: a version is seen when it is committed, and then never changes.

use artifact_core::ports::{ArtifactChanges, PageRequest, RegistryError};

use crate::Fixture;

/// A version is seen once `commit_artifact` has returned, and not before.
pub async fn pending_version_is_invisible(fixture: Fixture) {
    let draft = fixture.draft("data").file("a.txt", "a").alias("best");
    let pending = draft.begin().await;
    draft.store(&pending).await;

    let registry = &fixture.registry;
    let first = PageRequest::first(10);
    assert!(registry.artifact(&pending.id.clone().into()).await.is_err());
    let collections = registry
        .collections(&fixture.project, first.clone())
        .await
        .unwrap();
    assert_eq!(collections.items, []);
    let versions = registry
        .versions(&fixture.project, &draft.request.name, first.clone())
        .await;
    assert!(
        matches!(versions, Err(RegistryError::NoArtifact { .. })),
        "{versions:?}"
    );

    let record = registry.commit_artifact(&pending.id).await.unwrap();
    assert_eq!(record.id, pending.id);
    assert_eq!(registry.artifact(&pending.id.into()).await.unwrap(), record);
    assert_eq!(
        registry.artifact(&record.address().into()).await.unwrap(),
        record
    );
    let versions = registry
        .versions(&fixture.project, &draft.request.name, first.clone())
        .await;
    assert_eq!(versions.unwrap().items, [record]);
    assert_eq!(
        registry
            .collections(&fixture.project, first)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

/// A committed version never changes: no more files, no other manifest; a second commit is the same one.
pub async fn committed_version_cannot_be_written_to(fixture: Fixture) {
    let draft = fixture.draft("data").file("a.txt", "a");
    let pending = draft.begin().await;
    draft.store(&pending).await;
    let record = fixture.registry.commit_artifact(&pending.id).await.unwrap();

    let more = draft.clone().file("b.txt", "b");
    let requested = fixture
        .registry
        .request_uploads(&pending.id, &pending.manifest, more.specs())
        .await;
    assert!(
        matches!(requested, Err(RegistryError::WrongState { .. })),
        "{requested:?}"
    );
    let again = fixture.registry.commit_artifact(&pending.id).await;
    assert_eq!(again.unwrap(), record);
    assert_eq!(
        fixture
            .registry
            .artifact(&pending.id.clone().into())
            .await
            .unwrap(),
        record
    );

    let abandoned = fixture.draft("data").file("a.txt", "other").begin().await;
    let changed = fixture
        .registry
        .update_artifact(&abandoned.id, ArtifactChanges::default())
        .await;
    assert!(
        matches!(changed, Err(RegistryError::WrongState { .. })),
        "{changed:?}"
    );
}
