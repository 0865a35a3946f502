//! Rules on links to portfolios, and on deletions of versions.

use artifact_core::ports::{AliasedDeletion, ArtifactRecord, ListRequest, RegistryError};
use artifact_core::records::CollectionKind;
use artifact_core::{Alias, ArtifactName, QualifiedAddress};

use crate::Fixture;

fn name(text: &str) -> ArtifactName {
    text.parse().unwrap()
}

fn alias(text: &str) -> Alias {
    text.parse().unwrap()
}

async fn at(
    fixture: &Fixture,
    name: &str,
    selector: &str,
) -> Result<ArtifactRecord, RegistryError> {
    let address = QualifiedAddress {
        project: fixture.project.clone(),
        name: name.parse().unwrap(),
        selector: selector.parse().unwrap(),
    };
    fixture.registry.artifact(&address.into()).await
}

/// A linked version is found in the portfolio, with its name, index and aliases there, and keeps its own where it was made.
pub async fn linked_version_is_found_in_both(fixture: Fixture) {
    fixture.draft("data").file("a", "0").log().await;
    let v1 = fixture
        .draft("data")
        .file("a", "1")
        .alias("own")
        .log()
        .await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    let linked = catalog
        .link(&v1.id, project, &name("best"), &[alias("prod")])
        .await
        .unwrap();
    assert_eq!((linked.name.as_str(), linked.version.get()), ("best", 0));
    assert_eq!(linked.aliases, [alias("latest"), alias("prod")]);
    assert_eq!((&linked.id, linked.digest), (&v1.id, v1.digest));
    assert_eq!(at(&fixture, "best", "prod").await.unwrap(), linked);
    assert_eq!(at(&fixture, "best", "v0").await.unwrap(), linked);

    let own = at(&fixture, "data", "own").await.unwrap();
    assert_eq!((own.name.as_str(), own.version.get()), ("data", 1));
    assert_eq!(own.aliases, [alias("latest"), alias("own")]);
    assert_eq!(
        catalog.links(&v1.id).await.unwrap(),
        std::slice::from_ref(&linked)
    );
    let members = catalog
        .members(project, &name("best"), ListRequest::first(10))
        .await;
    assert_eq!(members.unwrap().items, std::slice::from_ref(&linked));
    let found = catalog.collection(project, &name("best")).await.unwrap();
    assert_eq!(
        (found.kind, found.version_count),
        (CollectionKind::Portfolio, 1)
    );

    // Linked again, it keeps its index.
    let again = catalog
        .link(&v1.id, project, &name("best"), &[alias("new")])
        .await
        .unwrap();
    assert_eq!(again.version.get(), 0);
    assert_eq!(
        again.aliases,
        [alias("latest"), alias("new"), alias("prod")]
    );
}

/// A version is not linked to a sequence, nor to a portfolio of another type.
pub async fn link_to_a_sequence_is_refused(fixture: Fixture) {
    let data = fixture.draft("data").file("a", "a").log().await;
    fixture.draft("other").file("a", "a").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    let refused = catalog.link(&data.id, project, &name("other"), &[]).await;
    assert!(refused.is_err(), "{refused:?}");

    catalog
        .link(&data.id, project, &name("sets"), &[])
        .await
        .unwrap();
    let model = fixture.draft("model").file("a", "a");
    let model = model.with(|request| request.artifact_type = "model".parse().unwrap());
    let model = model.log().await;
    let refused = catalog.link(&model.id, project, &name("sets"), &[]).await;
    assert!(refused.is_err(), "{refused:?}");
}

/// Unlinking takes a version out of one portfolio and leaves it alone; unlinking again is no error.
pub async fn unlinked_version_stays(fixture: Fixture) {
    let data = fixture.draft("data").file("a", "a").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    for portfolio in ["one", "two"] {
        catalog
            .link(&data.id, project, &name(portfolio), &[])
            .await
            .unwrap();
    }
    for _ in 0..2 {
        catalog
            .unlink(&data.id, project, &name("one"))
            .await
            .unwrap();
    }
    let links = catalog.links(&data.id).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].name, name("two"));
    assert_eq!(at(&fixture, "data", "latest").await.unwrap().id, data.id);
    let gone = at(&fixture, "one", "latest").await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
    let none = catalog.unlink(&data.id, project, &name("none")).await;
    assert!(
        matches!(none, Err(RegistryError::NoCollection { .. })),
        "{none:?}"
    );
}

/// Aliases of a portfolio are moved apart from those of the sequence, and `latest` moves only by itself.
pub async fn aliases_of_a_portfolio_are_its_own(fixture: Fixture) {
    let v0 = fixture.draft("data").file("a", "0").log().await;
    let v1 = fixture.draft("data").file("a", "1").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    let best = name("best");
    catalog
        .link(&v0.id, project, &best, &[alias("prod")])
        .await
        .unwrap();
    catalog.link(&v1.id, project, &best, &[]).await.unwrap();

    let (add, delete) = ([alias("prod"), alias("new")], [alias("latest")]);
    catalog
        .change_aliases(&v1.id, project, &best, &add, &[])
        .await
        .unwrap();
    assert_eq!(at(&fixture, "best", "prod").await.unwrap().id, v1.id);
    assert_eq!(
        at(&fixture, "best", "v1").await.unwrap().aliases,
        [alias("latest"), alias("new"), alias("prod")]
    );
    assert_eq!(
        at(&fixture, "data", "v1").await.unwrap().aliases,
        [alias("latest")]
    );
    let refused = catalog.change_aliases(&v0.id, project, &best, &delete, &[]);
    assert!(refused.await.is_err());
    catalog
        .change_aliases(&v1.id, project, &best, &[], &add)
        .await
        .unwrap();
    assert_eq!(
        at(&fixture, "best", "v1").await.unwrap().aliases,
        [alias("latest")]
    );
}

/// A version with aliases is deleted only with them; its number is not given again, and `latest` falls back.
pub async fn deleted_version_is_gone_for_good(fixture: Fixture) {
    let v0 = fixture.draft("data").file("a", "0").log().await;
    let v1 = fixture.draft("data").file("a", "1").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    catalog
        .link(&v1.id, project, &name("best"), &[])
        .await
        .unwrap();

    let refused = catalog
        .delete_artifact(&v1.id, AliasedDeletion::Refuse)
        .await;
    assert!(
        matches!(refused, Err(RegistryError::Rejected { .. })),
        "{refused:?}"
    );
    catalog
        .delete_artifact(&v1.id, AliasedDeletion::DeleteAliases)
        .await
        .unwrap();
    let gone = fixture.registry.artifact(&v1.id.clone().into()).await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
    let gone = at(&fixture, "best", "latest").await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
    assert_eq!(at(&fixture, "data", "latest").await.unwrap().id, v0.id);

    let v2 = fixture.draft("data").file("a", "2").log().await;
    assert_eq!(v2.version.get(), 2);
    catalog
        .delete_artifact(&v0.id, AliasedDeletion::Refuse)
        .await
        .unwrap();
    let again = catalog
        .delete_artifact(&v0.id, AliasedDeletion::Refuse)
        .await;
    assert!(again.is_err(), "{again:?}");
}
