//! Rules on look-ups: errors name what is missing.

use artifact_core::QualifiedAddress;
use artifact_core::ports::{ArtifactRegistry, PageRequest, RegistryError};
use artifact_core::records::ArtifactId;

use crate::Fixture;

async fn not_found(
    registry: &dyn ArtifactRegistry,
    address: QualifiedAddress,
) -> (String, Vec<String>) {
    match registry.artifact(&address.clone().into()).await {
        Err(error @ RegistryError::NoArtifact { .. }) => {
            let text = error.to_string();
            assert!(text.contains(&address.to_string()), "{text}");
            assert!(text.contains(&registry.location()), "{text}");
            let RegistryError::NoArtifact { similar, .. } = error else {
                unreachable!()
            };
            (text, similar)
        }
        other => panic!("{other:?}"),
    }
}

/// A version that is not there is named in the error, with names that are near.
pub async fn missing_artifact_is_named(fixture: Fixture) {
    let draft = fixture.draft("mnist").file("a", "a").alias("production");
    let record = draft.log().await;
    let address = |name: &str, selector: &str| QualifiedAddress {
        project: fixture.project.clone(),
        name: name.parse().unwrap(),
        selector: selector.parse().unwrap(),
    };
    let registry = &*fixture.registry;
    let (_, similar) = not_found(registry, address("mnits", "latest")).await;
    assert!(
        similar.iter().any(|name| name.contains("mnist")),
        "{similar:?}"
    );
    let (_, similar) = not_found(registry, address("mnist", "prodution")).await;
    assert!(
        similar.iter().any(|name| name.contains("production")),
        "{similar:?}"
    );
    let (_, similar) = not_found(registry, address("something-else", "latest")).await;
    assert_eq!(similar, Vec::<String>::new());
    not_found(registry, address("mnist", "v1")).await;

    let missing = draft.download_request(&record.id, &["a", "no/such/path"]);
    let error = registry.downloads(&missing).await.unwrap_err();
    assert!(error.to_string().contains("no/such/path"), "{error}");
}

/// A project that is not there is named in the error.
pub async fn missing_project_is_named(fixture: Fixture) {
    let mut project = fixture.project.clone();
    project.project = "no-such-project".parse().unwrap();
    let listed = fixture
        .registry
        .collections(&project, PageRequest::first(10))
        .await;
    let error = listed.unwrap_err();
    assert!(
        matches!(error, RegistryError::NoProject { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("no-such-project"), "{error}");
}

/// An id that no registry of this kind gives out is refused, and so is one of a version that never was.
pub async fn foreign_id_is_refused(fixture: Fixture) {
    fixture.draft("data").file("a", "a").log().await;
    for text in ["", "17", "not base64", "QXJ0aWZhY3Q6OTk5OTk5OTk5"] {
        let id = ArtifactId(text.to_owned());
        assert!(
            fixture.registry.artifact(&id.clone().into()).await.is_err(),
            "{text}"
        );
        assert!(fixture.registry.manifest(&id).await.is_err(), "{text}");
        assert!(
            fixture.registry.commit_artifact(&id).await.is_err(),
            "{text}"
        );
    }
}
