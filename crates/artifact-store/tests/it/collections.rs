//! Collections as clients list, rename, tag, move and delete them.

use artifact_core::ports::RegistryError;
use artifact_core::records::{CollectionChanges, CollectionKind};
use artifact_store::StoreError;
use artifact_store::service::{LinkTarget, ListQuery};

use crate::hub::Hub;
use crate::store::Store;

fn names(hub: &Hub, query: &ListQuery) -> Vec<String> {
    let slice = hub.service.collections(&hub.project, None, query).unwrap();
    assert!(slice.items.len() as u64 <= slice.total);
    let names = slice.items.into_iter();
    names.map(|listed| listed.item.name.into()).collect()
}

fn filtered(filter: &str) -> ListQuery {
    ListQuery {
        filter: Some(filter.into()),
        ..ListQuery::default()
    }
}

#[tokio::test]
async fn collections_are_listed_once_they_have_something_to_show() {
    let store = Store::new();
    let hub = Hub::open(&store);
    hub.create(&hub.request("pending", &[]));
    let name = "pending".parse().unwrap();
    assert!(
        hub.service
            .collection(&hub.project, &name)
            .unwrap()
            .is_some()
    );
    let mut version = None;
    for name in ["beta", "alpha"] {
        version = Some(hub.log(name, &[("a", "a")]).await);
    }
    let target = LinkTarget::Named(hub.project.clone(), "collected".parse().unwrap());
    let best = ["best".parse().unwrap()];
    hub.service
        .link(&version.unwrap().id, &target, &best)
        .unwrap();
    assert_eq!(
        names(&hub, &ListQuery::default()),
        ["alpha", "beta", "collected"]
    );
    assert_eq!(
        names(&hub, &filtered(r#"{"aliases":"best"}"#)),
        ["collected"]
    );
    assert_eq!(
        names(&hub, &filtered(r#"{"name":{"$in":["beta","no"]}}"#)),
        ["beta"]
    );
    let query = ListQuery {
        order: Some("-name".into()),
        first: Some(2),
        ..ListQuery::default()
    };
    assert_eq!(names(&hub, &query), ["collected", "beta"]);
    let models = "model".parse().unwrap();
    let of_type = hub
        .service
        .collections(&hub.project, Some(&models), &ListQuery::default())
        .unwrap();
    assert_eq!(of_type.total, 0);
}

#[tokio::test]
async fn a_collection_is_renamed_tagged_moved_and_deleted() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let version = hub.log("data", &[("a", "a")]).await;
    hub.log("taken", &[("a", "a")]).await;
    let (id, sequence) = (version.sequence.id, CollectionKind::Sequence);

    let rename = |name: &str| CollectionChanges {
        name: Some(name.parse().unwrap()),
        description: Some("described".into()),
    };
    let taken = hub
        .service
        .update_collection(&id, sequence, &rename("taken"));
    assert!(
        taken
            .unwrap_err()
            .to_string()
            .contains("already has a collection taken")
    );
    let renamed = hub
        .service
        .update_collection(&id, sequence, &rename("renamed"));
    let renamed = renamed.unwrap();
    assert_eq!(renamed.name.as_str(), "renamed");
    assert_eq!(renamed.description.as_deref(), Some("described"));
    let wrong = hub
        .service
        .update_collection(&id, CollectionKind::Portfolio, &rename("x"));
    assert!(wrong.is_err());
    let found = hub.service.version(&version.id).unwrap().unwrap();
    assert_eq!(found.sequence.name.as_str(), "renamed");

    let (red, blue) = ("red".parse().unwrap(), "blue".parse().unwrap());
    let name = "renamed".parse().unwrap();
    let tag = |add: &[_], delete: &[_]| {
        let tagged = hub.service.tag_collection(&hub.project, &name, add, delete);
        tagged.unwrap().tags
    };
    assert_eq!(
        tag(&[red, blue], &[]),
        ["blue".parse().unwrap(), "red".parse().unwrap()]
    );
    assert_eq!(
        tag(&[], &["red".parse().unwrap()]),
        ["blue".parse().unwrap()]
    );
    assert_eq!(names(&hub, &filtered(r#"{"tags":"blue"}"#)), ["renamed"]);

    let moved = hub
        .service
        .move_collection(&id, &"model".parse().unwrap())
        .unwrap();
    assert_eq!(moved.artifact_type.as_str(), "model");
    let types = hub
        .service
        .artifact_types(&hub.project, &ListQuery::default())
        .unwrap();
    let types: Vec<_> = types
        .items
        .iter()
        .map(|listed| listed.item.name.as_str())
        .collect();
    assert_eq!(types, ["dataset", "model"]);
    let conflict = hub.service.create_version(&hub.request("renamed", &[]));
    assert!(matches!(
        conflict,
        Err(StoreError::Refused(RegistryError::TypeConflict(_)))
    ));

    let deleted = hub.service.delete_collection(&id, sequence).unwrap();
    assert_eq!(deleted.name.as_str(), "renamed");
    assert_eq!(hub.service.collection(&hub.project, &name).unwrap(), None);
    assert_eq!(hub.service.collection_with_id(&id).unwrap(), None);
    assert_eq!(names(&hub, &ListQuery::default()), ["taken"]);
    assert!(hub.service.delete_collection(&id, sequence).is_err());
    let again = hub.log("renamed", &[("a", "a")]).await;
    assert_ne!(again.sequence.id, id);
}
