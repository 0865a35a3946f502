//! Rules on descriptions, metadata and TTL of a version.

use artifact_core::ports::ArtifactChanges;
use artifact_core::{Metadata, Ttl};

use crate::Fixture;

/// Description, metadata and TTL come back as they were given.
pub async fn description_metadata_and_ttl_round_trip(fixture: Fixture) {
    let metadata: Metadata =
        r#"{"n": 1.5, "s": "ü\n\"", "list": [null, true, {"deep": {}}], "": -3}"#
            .parse()
            .unwrap();
    for (n, ttl) in [Ttl::Inherit, Ttl::Disabled, Ttl::Seconds(86_400)]
        .into_iter()
        .enumerate()
    {
        let draft = fixture
            .draft("data")
            .file("n", n.to_string())
            .with(|request| {
                request.description = Some("two\nlines, ü".to_owned());
                request.metadata = metadata.clone();
                request.ttl = ttl;
            });
        let record = draft.log().await;
        assert_eq!(record.description.as_deref(), Some("two\nlines, ü"));
        assert_eq!((&record.metadata, record.ttl), (&metadata, ttl));
        assert!(record.created_at <= record.updated_at);
    }
    let plain = fixture.draft("data").file("n", "plain").log().await;
    assert_eq!(
        (plain.description, plain.metadata),
        (None, Metadata::default())
    );
}

/// `update_artifact` changes what is given, and nothing else.
pub async fn changes_leave_the_rest_alone(fixture: Fixture) {
    let draft = fixture
        .draft("data")
        .file("a", "0")
        .alias("old")
        .tag("old")
        .with(|request| {
            request.description = Some("before".to_owned());
            request.metadata = r#"{"n": 1}"#.parse().unwrap();
        });
    let v0 = draft.log().await;
    let v1 = fixture
        .draft("data")
        .file("a", "1")
        .alias("moved")
        .log()
        .await;

    let changed = ArtifactChanges {
        description: Some("after".to_owned()),
        aliases_to_add: vec!["moved".parse().unwrap(), "new".parse().unwrap()],
        aliases_to_delete: vec!["old".parse().unwrap()],
        tags_to_add: vec!["new".parse().unwrap()],
        tags_to_delete: vec!["old".parse().unwrap(), "never there".parse().unwrap()],
        ..ArtifactChanges::default()
    };
    let after = fixture
        .registry
        .update_artifact(&v0.id, changed)
        .await
        .unwrap();
    assert_eq!(after.description.as_deref(), Some("after"));
    assert_eq!(
        after
            .aliases
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>(),
        ["moved", "new"]
    );
    assert_eq!(
        after.tags.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["new"]
    );
    assert_eq!(
        (after.digest, after.version, after.size),
        (v0.digest, v0.version, v0.size)
    );
    assert_eq!((&after.metadata, after.ttl), (&v0.metadata, v0.ttl));
    assert_eq!(
        fixture
            .registry
            .artifact(&v0.id.clone().into())
            .await
            .unwrap(),
        after
    );

    // An alias that another version bears is not taken from it.
    let changed = ArtifactChanges {
        metadata: Some(Metadata::default()),
        ttl: Some(Ttl::Disabled),
        aliases_to_delete: vec!["latest".parse().unwrap()],
        ..ArtifactChanges::default()
    };
    let after = fixture
        .registry
        .update_artifact(&v0.id, changed)
        .await
        .unwrap();
    assert_eq!(
        (after.description.as_deref(), after.ttl),
        (Some("after"), Ttl::Disabled)
    );
    assert!(after.metadata.is_empty());
    let v1 = fixture.registry.artifact(&v1.id.into()).await.unwrap();
    assert_eq!(
        v1.aliases.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["latest"]
    );
}
