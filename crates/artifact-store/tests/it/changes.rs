//! Changing, listing and deleting versions, and who may.

use artifact_core::ports::{ArtifactRegistry as _, RegistryError};
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{Alias, VersionSelector};
use artifact_store::StoreError;
use artifact_store::service::{Caller, LinkTarget, ListQuery, Service, UpdateVersion};

use crate::hub::Hub;
use crate::store::Store;
use crate::versions::{A, B, holder, index, refused};

#[tokio::test]
async fn a_version_with_aliases_is_deleted_only_with_them() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let v0 = hub.log("data", A).await;
    let v1 = hub.log("data", B).await;
    refused(
        hub.service.delete_version(&v1.id, false),
        "aliases (latest)",
    );
    let deleted = hub.service.delete_version(&v1.id, true).unwrap();
    assert_eq!(
        (deleted.state, deleted.index),
        (ArtifactState::Deleted, v1.index)
    );
    assert_eq!(
        holder(&hub, "data", "latest"),
        Some(v0.id.clone()),
        "moves back"
    );
    assert_eq!(
        hub.service.version(&v1.id).unwrap().unwrap().state,
        ArtifactState::Deleted
    );
    let by_index = VersionSelector::Version(1.into());
    let name = "data".parse().unwrap();
    let found = hub.service.membership(&hub.project, &name, &by_index);
    assert_eq!(found.unwrap(), None);
    assert!(
        hub.service
            .entries(&v1.id, &[], &ListQuery::default())
            .is_err()
    );
    assert_eq!(hub.service.manifest_ticket(&v1.id).unwrap(), None);
    // The index and the digest are used up and free.
    let v2 = hub.log("data", B).await;
    assert_eq!(index(&v2), 2);
    let listed = hub
        .service
        .versions(&v2.sequence.id, &ListQuery::default())
        .unwrap();
    let listed: Vec<_> = listed
        .items
        .iter()
        .map(|listed| listed.item.0.get())
        .collect();
    assert_eq!(listed, [2, 0]);
    // Without an alias it needs no word.
    hub.service.delete_version(&v0.id, false).unwrap();
    assert_eq!(holder(&hub, "data", "latest"), Some(v2.id));
}

#[tokio::test]
async fn versions_are_filtered_by_what_clients_name() {
    let store = Store::new();
    let hub = Hub::open(&store);
    for (n, tags) in [vec!["red", "blue"], vec!["green"], vec![]]
        .into_iter()
        .enumerate()
    {
        let content = n.to_string();
        let files = [("n", content.as_str())];
        let mut request = hub.request("data", &files);
        request.artifact.tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        request.artifact.metadata =
            serde_json::from_value(serde_json::json!({"score": n})).unwrap();
        hub.log_as(&request, &files).await;
    }
    let collection = hub
        .service
        .collection(&hub.project, &"data".parse().unwrap())
        .unwrap()
        .unwrap();
    let found = |filter: &str, order: Option<&str>| {
        let query = ListQuery {
            filter: Some(filter.into()),
            order: order.map(Into::into),
            ..ListQuery::default()
        };
        let slice = hub.service.versions(&collection.id, &query).unwrap();
        assert_eq!(slice.total, slice.items.len() as u64);
        let items = slice.items.into_iter();
        items.map(|listed| listed.item.0.get()).collect::<Vec<_>>()
    };
    assert_eq!(found(r#"{"state":"COMMITTED"}"#, None), [2, 1, 0]);
    assert_eq!(found(r#"{"tags":"blue"}"#, None), [0]);
    assert_eq!(found(r#"{"tags":{"$in":["green","red"]}}"#, None), [1, 0]);
    assert_eq!(
        found(r#"{"metadata.score":{"$gt":0}}"#, Some("+version_index")),
        [1, 2]
    );
    assert_eq!(found(r#"{"aliases":"latest"}"#, None), [2]);
    assert_eq!(found(r#"{"state":"PENDING"}"#, None), Vec::<u32>::new());
}

#[tokio::test]
async fn pages_are_the_same_however_much_is_read_for_them() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let mut logged = Vec::new();
    for n in 0..7 {
        let content = n.to_string();
        logged.push(hub.log("data", &[("n", &content)]).await);
    }
    hub.service.delete_version(&logged[3].id, false).unwrap();
    let collection = hub
        .service
        .collection(&hub.project, &"data".parse().unwrap())
        .unwrap()
        .unwrap();
    let pages = |filter: Option<&str>, order: Option<&str>| {
        let mut query = ListQuery {
            filter: filter.map(Into::into),
            order: order.map(Into::into),
            first: Some(4),
            ..ListQuery::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = hub.service.versions(&collection.id, &query).unwrap();
            query.after = page.items.last().map(|last| last.cursor.clone());
            pages.push(page);
            if !pages.last().unwrap().has_more {
                return pages;
            }
        }
    };
    // Only a filter on what differs has them all read.
    let expected = pages(Some(r#"{"size":{"$gte":0}}"#), None);
    assert_eq!(expected.len(), 2);
    for (filter, order) in [
        (None, None),
        (Some("{}"), Some("-version_index")),
        (Some(r#"{"state":"COMMITTED"}"#), None),
        (Some(r#"{"$and":[{"state":{"$ne":"PENDING"}}]}"#), Some("")),
    ] {
        assert_eq!(pages(filter, order), expected, "{filter:?} {order:?}");
    }
    assert_eq!(pages(Some(r#"{"state":"PENDING"}"#), None)[0].total, 0);

    let versions = expected.iter().flat_map(|page| &page.items);
    let versions: Vec<_> = versions.map(|listed| &listed.item.1).collect();
    let each = hub.service.aliases_of_each(versions.iter().copied());
    for (version, aliases) in versions.iter().zip(each.unwrap()) {
        let alone = hub.service.aliases_of_version(&version.id).unwrap();
        assert_eq!(aliases, alone);
    }
}

#[tokio::test]
async fn changes_are_seen_and_others_cannot_make_them() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let key = "k".repeat(40);
    hub.service
        .add_account(&"team".parse().unwrap(), &key)
        .unwrap();
    let v0 = hub.log("data", A).await;
    let changes = UpdateVersion {
        description: Some("described".into()),
        tags_to_add: vec!["red".parse().unwrap()],
        ..UpdateVersion::default()
    };
    let described = hub.service.update_version(&v0.id, &changes).unwrap();
    assert_eq!(described.description.as_deref(), Some("described"));
    assert_eq!(described.tags, ["red".parse().unwrap()]);

    let other = hub
        .engine
        .service(Caller::Account("other".parse().unwrap()));
    assert_eq!(other.version(&v0.id).unwrap(), None);
    assert_eq!(other.memberships(&v0.id).unwrap(), []);
    let name = "data".parse().unwrap();
    assert_eq!(other.collection(&hub.project, &name).unwrap(), None);
    assert!(other.entries(&v0.id, &[], &ListQuery::default()).is_err());
    let forbidden = other.update_version(&v0.id, &changes);
    let is_forbidden = matches!(
        forbidden,
        Err(StoreError::Refused(RegistryError::Forbidden { .. }))
    );
    assert!(is_forbidden);
    let created = other.create_version(&hub.request("data", A));
    assert!(matches!(
        created,
        Err(StoreError::Refused(RegistryError::Forbidden { .. }))
    ));
    let own = hub.engine.service(Caller::Account("team".parse().unwrap()));
    let created = own.create_version(&hub.request("data", B)).unwrap();
    let created_by = own.version(&created.id).unwrap().unwrap().created_by;
    assert_eq!(created_by, Some("team".parse().unwrap()));
}

#[tokio::test]
async fn the_aliases_of_a_version_are_replaced_all_at_once() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let v0 = hub.log("data", A).await;
    let v1 = hub.log("data", B).await;
    let aliases =
        |names: &[&str]| -> Vec<Alias> { names.iter().map(|name| name.parse().unwrap()).collect() };
    let borne = |id: &ArtifactId| -> Vec<String> {
        let borne = hub.service.aliases_of_version(id).unwrap().into_iter();
        borne
            .map(|it| format!("{}:{}", it.collection.name, it.alias))
            .collect()
    };
    let portfolio = LinkTarget::Named(hub.project.clone(), "best".parse().unwrap());
    hub.service.link(&v1.id, &portfolio, &[]).unwrap();
    let replace =
        |id: &ArtifactId, names: &[&str]| hub.service.replace_aliases(id, &aliases(names));
    replace(&v1.id, &["latest", "a", "b"]).unwrap();
    replace(&v0.id, &["b"]).unwrap();
    assert_eq!(borne(&v0.id), ["data:b"], "it has moved");
    assert_eq!(borne(&v1.id), ["data:a", "data:latest", "best:latest"]);
    // Refused in whole: `c` is not there either, and `b` has not gone.
    refused(replace(&v0.id, &["c", "latest"]), "latest");
    assert_eq!(borne(&v0.id), ["data:b"]);
    replace(&v1.id, &[]).unwrap();
    assert_eq!(borne(&v1.id), ["best:latest"], "elsewhere they stay");
    let stranger = Caller::Account("stranger".parse().unwrap());
    hub.service
        .add_account(&"team".parse().unwrap(), &"k".repeat(40))
        .unwrap();
    let stranger = hub.engine.service(stranger);
    assert!(stranger.replace_aliases(&v0.id, &aliases(&["x"])).is_err());
}

#[tokio::test]
async fn latest_moves_only_by_itself() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let v0 = hub.log("data", A).await;
    let v1 = hub.log("data", B).await;
    let alias = |alias: Alias| [(hub.project.clone(), "data".parse().unwrap(), alias)];
    refused(
        hub.service.add_aliases(&v0.id, &alias(Alias::latest())),
        "latest",
    );
    hub.service
        .add_aliases(&v1.id, &alias(Alias::latest()))
        .unwrap();
    hub.service
        .add_aliases(&v0.id, &alias("best".parse().unwrap()))
        .unwrap();
    hub.service
        .add_aliases(&v1.id, &alias("best".parse().unwrap()))
        .unwrap();
    assert_eq!(holder(&hub, "data", "best"), Some(v1.id.clone()));
    hub.service
        .delete_aliases(&v0.id, &alias("best".parse().unwrap()))
        .unwrap();
    assert_eq!(
        holder(&hub, "data", "best"),
        Some(v1.id.clone()),
        "not its own"
    );
    hub.service
        .delete_aliases(&v1.id, &alias("best".parse().unwrap()))
        .unwrap();
    assert_eq!(holder(&hub, "data", "best"), None);
    let elsewhere = [(
        hub.project.clone(),
        "nowhere".parse().unwrap(),
        Alias::latest(),
    )];
    refused(hub.service.add_aliases(&v0.id, &elsewhere), "nowhere");
}

#[tokio::test]
async fn lineage_is_listed_page_by_page() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let (run, run_id) = hub.run("run");
    let mut logged = Vec::new();
    for n in 0..5 {
        let content = n.to_string();
        let files = [("n", content.as_str())];
        let mut request = hub.request("data", &files);
        request.artifact.run = Some(run.id.clone());
        let version = hub.log_as(&request, &files).await;
        hub.service.use_version(&run, &version.id).unwrap();
        logged.push(version.id);
    }
    // Pending ones are not listed.
    let mut pending = hub.request("data", A);
    pending.artifact.run = Some(run.id);
    hub.create(&pending);
    for list in [Service::logged_by_run, Service::used_by_run] {
        let mut query = ListQuery {
            first: Some(2),
            ..ListQuery::default()
        };
        let mut found = Vec::new();
        loop {
            let slice = list(&hub.service, &run_id, &query).unwrap();
            assert_eq!(slice.total, 5);
            query.after = slice.items.last().map(|listed| listed.cursor.clone());
            found.extend(slice.items.into_iter().map(|listed| listed.item.id));
            if !slice.has_more {
                break;
            }
        }
        assert_eq!(found, logged);
    }
    let record = hub.engine.logged_by(&logged[0]).await.unwrap().unwrap();
    assert_eq!(record.address.id.as_str(), "run");
    // Deleting the run with what it logged takes the versions away as deleting them does.
    hub.service.delete_run(&run_id, true).unwrap();
    assert_eq!(holder(&hub, "data", "latest"), None);
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_in_a_lineage() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let (run, run_id) = hub.run("run");
    let mut used = Vec::new();
    for (n, entity) in ["own", "own", "shared"].into_iter().enumerate() {
        let content = n.to_string();
        let files = [("n", content.as_str())];
        let mut request = hub.request("data", &files);
        request.artifact.project.entity = entity.parse().unwrap();
        let version = hub.log_as(&request, &files).await;
        hub.service.use_version(&run, &version.id).unwrap();
        used.push(version.id);
    }
    let key = "k".repeat(40);
    hub.service
        .add_account(&"own".parse().unwrap(), &key)
        .unwrap();
    let query = ListQuery {
        first: Some(1),
        ..ListQuery::default()
    };
    let other = hub
        .engine
        .service(Caller::Account("other".parse().unwrap()));
    let slice = other.used_by_run(&run_id, &query).unwrap();
    assert_eq!((slice.total, slice.has_more), (1, false));
    assert_eq!(slice.items[0].item.id, used[2]);
    let slice = hub.service.used_by_run(&run_id, &query).unwrap();
    assert_eq!((slice.total, slice.has_more), (3, true));
    let refused = other.use_version(&run, &used[0]);
    assert!(refused.unwrap_err().to_string().contains("no artifact"));
}
