//! Rules on deduplication: the same digest is the same version.

use artifact_core::ports::PageRequest;
use artifact_core::records::ArtifactState;
use futures::future::join_all;

use crate::Fixture;

/// `create_artifact` with the digest of a committed version gives that one, and moves the wanted aliases and `latest`
/// to it.
pub async fn committed_digest_is_found_at_creation(fixture: Fixture) {
    let first = fixture.draft("data").file("a.txt", "a");
    let v0 = first.log().await;
    let v1 = fixture
        .draft("data")
        .file("a.txt", "b")
        .alias("best")
        .log()
        .await;

    let created = first
        .clone()
        .alias("best")
        .tag("seen")
        .create()
        .await
        .unwrap();
    assert_eq!(
        (&created.id, created.state),
        (&v0.id, ArtifactState::Committed)
    );
    assert_eq!(created.latest, Some(v1.id.clone()));

    let found = fixture.registry.artifact(&v0.id.into()).await.unwrap();
    assert_eq!(found.version, v0.version);
    assert_eq!(
        found
            .aliases
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>(),
        ["best", "latest"]
    );
    assert_eq!(
        found.tags.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["seen"]
    );
    assert_eq!(
        fixture
            .registry
            .artifact(&v1.id.into())
            .await
            .unwrap()
            .aliases,
        []
    );
}

/// `commit_artifact` with a digest that was committed meanwhile gives that version, no second one is made, and the id
/// that came second means that version from now on.
pub async fn digest_committed_meanwhile_is_found_at_commit(fixture: Fixture) {
    let draft = fixture.draft("data").file("a.txt", "a");
    let (quick, slow) = (
        draft.clone().alias("quick"),
        draft.alias("slow").tag("late"),
    );
    let (first, second) = (quick.begin().await, slow.begin().await);
    quick.store(&first).await;
    slow.store(&second).await;

    let v0 = fixture.registry.commit_artifact(&first.id).await.unwrap();
    let other = fixture.registry.commit_artifact(&second.id).await.unwrap();
    assert_eq!((&other.id, other.version), (&v0.id, v0.version));
    let aliases: Vec<&str> = other.aliases.iter().map(AsRef::as_ref).collect();
    assert_eq!(aliases, ["latest", "quick", "slow"]);
    assert_eq!(other.tags.len(), 1);
    let meant = fixture.registry.artifact(&second.id.into()).await.unwrap();
    assert_eq!(meant, other);
}

/// The same content logged by many at once is one version.
pub async fn same_content_logged_at_once_is_one_version(fixture: Fixture) {
    let draft = fixture.draft("data").file("a.txt", "a").file("b.txt", "b");
    let logging = (0..16).map(|_| {
        let draft = draft.clone();
        tokio::spawn(async move { draft.log().await })
    });
    for record in join_all(logging).await {
        assert_eq!(record.unwrap().version.get(), 0);
    }
    let page = PageRequest::first(10);
    let versions = fixture
        .registry
        .versions(&fixture.project, &draft.request.name, page)
        .await;
    assert_eq!(versions.unwrap().items.len(), 1);
}

/// Collections with the same content have versions of their own.
pub async fn collections_do_not_share_versions(fixture: Fixture) {
    let one = fixture.draft("one").file("a.txt", "a").log().await;
    let two = fixture.draft("two").file("a.txt", "a").log().await;
    assert_ne!(one.id, two.id);
    assert_eq!((one.digest, one.version), (two.digest, two.version));
}
