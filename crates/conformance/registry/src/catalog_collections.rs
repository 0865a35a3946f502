//! Rules on collections of the catalog: listings, changes, deletions.

use artifact_core::ArtifactName;
use artifact_core::ports::{CollectionEdits, ListRequest, RegistryError};
use artifact_core::records::CollectionKind;

use crate::Fixture;
use crate::catalog_runs::all;

fn name(text: &str) -> ArtifactName {
    text.parse().unwrap()
}

/// Types come by name, and collections of one type alone when that is asked for.
pub async fn types_and_their_collections_are_listed(fixture: Fixture) {
    for (collection, of_type) in [("c", "model"), ("a", "dataset"), ("b", "model")] {
        let draft = fixture.draft(collection).file("n", collection);
        let draft = draft.with(|request| request.artifact_type = of_type.parse().unwrap());
        draft.log().await;
    }
    let types = all(|page| fixture.catalog.artifact_types(&fixture.project, page)).await;
    let types: Vec<_> = types.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
    assert_eq!(types, ["dataset", "model"]);

    let listed = async |of_type: Option<&str>, filter: Option<&str>, order: Option<&str>| {
        let of_type = of_type.map(|text| text.parse().unwrap());
        let collections = all(|page| {
            let request = ListRequest {
                page,
                filter: filter.map(ToOwned::to_owned),
                order: order.map(ToOwned::to_owned),
            };
            let catalog = &fixture.catalog;
            catalog.collections_of_both_kinds(&fixture.project, of_type.as_ref(), request)
        });
        let names = collections.await.into_iter().map(|found| found.name);
        names.map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None, None).await, ["a", "b", "c"]);
    assert_eq!(listed(Some("model"), None, None).await, ["b", "c"]);
    assert_eq!(listed(Some("none"), None, None).await, Vec::<String>::new());
    assert_eq!(listed(None, None, Some("-name")).await, ["c", "b", "a"]);
    let named = r#"{"name": {"$in": ["a", "c"]}}"#;
    assert_eq!(listed(None, Some(named), None).await, ["a", "c"]);
}

/// Members come newest first, in another order or filtered when that is asked for.
pub async fn members_are_filtered_and_ordered(fixture: Fixture) {
    for n in 0..4 {
        let draft = fixture.draft("data").file("n", n.to_string());
        let draft = if n % 2 == 0 { draft.tag("even") } else { draft };
        draft.log().await;
    }
    let listed = async |filter: Option<&str>, order: Option<&str>| {
        let collection = name("data");
        let members = all(|page| {
            let request = ListRequest {
                page,
                filter: filter.map(ToOwned::to_owned),
                order: order.map(ToOwned::to_owned),
            };
            let catalog = fixture.catalog.clone();
            let (project, collection) = (fixture.project.clone(), collection.clone());
            async move { catalog.members(&project, &collection, request).await }
        });
        let members = members.await.into_iter();
        members
            .map(|record| record.version.get())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(None, None).await, [3, 2, 1, 0]);
    assert_eq!(listed(None, Some("+created_at")).await, [0, 1, 2, 3]);
    assert_eq!(listed(Some(r#"{"tags": "even"}"#), None).await, [2, 0]);

    let first = fixture
        .catalog
        .members(&fixture.project, &name("data"), ListRequest::first(1))
        .await
        .unwrap();
    let newest = &first.items[0];
    assert_eq!(newest.aliases, ["latest".parse().unwrap()]);
    let same = fixture.registry.artifact(&newest.id.clone().into()).await;
    assert_eq!(*newest, same.unwrap());
}

/// A collection is described, tagged and renamed; a name that is taken is refused.
pub async fn collection_is_changed(fixture: Fixture) {
    fixture.draft("data").file("a", "a").log().await;
    fixture.draft("taken").file("a", "a").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    let found = catalog.collection(project, &name("data")).await.unwrap();
    assert_eq!(found.kind, CollectionKind::Sequence);
    assert_eq!((found.version_count, found.description), (1, None));

    let edits = CollectionEdits {
        description: Some("about".to_owned()),
        tags_to_add: vec!["two".parse().unwrap(), "one".parse().unwrap()],
        ..CollectionEdits::default()
    };
    let changed = catalog
        .change_collection(project, &name("data"), edits)
        .await
        .unwrap();
    assert_eq!(changed.description.as_deref(), Some("about"));
    assert_eq!(
        changed.tags,
        ["one".parse().unwrap(), "two".parse().unwrap()]
    );

    let edits = CollectionEdits {
        name: Some(name("renamed")),
        tags_to_delete: vec!["one".parse().unwrap(), "never".parse().unwrap()],
        ..CollectionEdits::default()
    };
    let changed = catalog
        .change_collection(project, &name("data"), edits)
        .await
        .unwrap();
    assert_eq!(changed.name, name("renamed"));
    assert_eq!(changed.tags, ["two".parse().unwrap()]);
    assert_eq!(changed.description.as_deref(), Some("about"));
    let gone = catalog.collection(project, &name("data")).await;
    assert!(
        matches!(gone, Err(RegistryError::NoCollection { .. })),
        "{gone:?}"
    );

    let edits = CollectionEdits {
        name: Some(name("taken")),
        ..CollectionEdits::default()
    };
    let refused = catalog
        .change_collection(project, &name("renamed"), edits)
        .await;
    assert!(
        matches!(refused, Err(RegistryError::Rejected { .. })),
        "{refused:?}"
    );
}

/// A sequence is deleted with its versions and the links to them; a portfolio without any version.
pub async fn collection_is_deleted(fixture: Fixture) {
    let data = fixture.draft("data").file("a", "a").log().await;
    let kept = fixture.draft("kept").file("a", "b").log().await;
    let (project, catalog) = (&fixture.project, &fixture.catalog);
    for (record, portfolio) in [(&data, "mixed"), (&kept, "mixed"), (&kept, "alone")] {
        catalog
            .link(&record.id, project, &name(portfolio), &[])
            .await
            .unwrap();
    }
    catalog
        .delete_collection(project, &name("data"))
        .await
        .unwrap();
    let gone = fixture.registry.artifact(&data.id.clone().into()).await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
    let mixed = catalog.collection(project, &name("mixed")).await.unwrap();
    assert_eq!(mixed.version_count, 1);

    catalog
        .delete_collection(project, &name("alone"))
        .await
        .unwrap();
    let links = catalog.links(&kept.id).await.unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].name, name("mixed"));

    let none = catalog.delete_collection(project, &name("data")).await;
    assert!(
        matches!(none, Err(RegistryError::NoCollection { .. })),
        "{none:?}"
    );
}
