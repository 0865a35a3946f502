//! Portfolios: their own numbers, their own aliases.

use artifact_core::ports::{ArtifactRegistry as _, PageRequest};
use artifact_core::records::{ArtifactState, Collection, CollectionKind, Version};
use artifact_core::{Alias, ProjectAddress, VersionSelector};
use artifact_store::service::{LinkTarget, ListQuery, Membership};

use crate::hub::Hub;
use crate::store::Store;

fn registry() -> ProjectAddress {
    ProjectAddress {
        entity: "org".parse().unwrap(),
        project: "wandb-registry-model".parse().unwrap(),
    }
}

fn target() -> LinkTarget {
    LinkTarget::Named(registry(), "best-of".parse().unwrap())
}

fn at(hub: &Hub, selector: &str) -> Option<Membership> {
    let selector = match selector.parse() {
        Ok(index) => VersionSelector::Version(index),
        Err(_) => VersionSelector::Alias(selector.parse().unwrap()),
    };
    let name = "best-of".parse().unwrap();
    hub.service
        .membership(&registry(), &name, &selector)
        .unwrap()
}

fn portfolio(hub: &Hub) -> Option<Collection> {
    let name = "best-of".parse().unwrap();
    hub.service.collection(&registry(), &name).unwrap()
}

async fn versions(hub: &Hub, count: usize) -> Vec<Version> {
    let mut versions = Vec::new();
    for n in 0..count {
        versions.push(hub.log("data", &[("n", &n.to_string())]).await);
    }
    versions
}

#[tokio::test]
async fn a_portfolio_numbers_its_own_versions() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let versions = versions(&hub, 3).await;
    let prod: Alias = "prod".parse().unwrap();
    let first = hub
        .service
        .link(&versions[2].id, &target(), std::slice::from_ref(&prod))
        .unwrap();
    assert_eq!(
        (first.index.get(), first.version.index),
        (0, Some(2.into()))
    );
    assert_eq!(first.aliases, [Alias::latest(), prod.clone()]);
    assert_eq!(first.collection.kind, CollectionKind::Portfolio);
    let second = hub.service.link(&versions[0].id, &target(), &[]).unwrap();
    assert_eq!(second.index.get(), 1);
    assert_eq!(at(&hub, "latest").unwrap().version.id, versions[0].id);
    assert_eq!(at(&hub, "v0").unwrap().version.id, versions[2].id);
    assert_eq!(at(&hub, "v2"), None);

    // Again: the index stays, the aliases move.
    let again = hub.service.link(&versions[2].id, &target(), &[]).unwrap();
    assert_eq!((again.index.get(), again.number), (0, first.number));
    assert_eq!(at(&hub, "latest").unwrap().index.get(), 0);

    // The sequence has aliases of its own.
    let own = hub.service.memberships(&versions[2].id).unwrap();
    assert_eq!(own[0].collection.kind, CollectionKind::Sequence);
    assert_eq!(own[0].aliases, [Alias::latest()]);
    assert_eq!(own.len(), 2);
    let record = hub.engine.artifact(&versions[0].id.clone().into()).await;
    assert!(record.unwrap().aliases.is_empty());

    let id = portfolio(&hub).unwrap().id;
    let listed = hub.service.versions(&id, &ListQuery::default()).unwrap();
    let listed: Vec<_> = listed
        .items
        .into_iter()
        .map(|listed| (listed.item.0.get(), listed.item.1.id))
        .collect();
    assert_eq!(
        listed,
        [(1, versions[0].id.clone()), (0, versions[2].id.clone())]
    );
    // The port knows sequences only.
    let collections = hub
        .engine
        .collections(&registry(), PageRequest::first(10))
        .await;
    assert!(collections.unwrap().items.is_empty());
    let name = "best-of".parse().unwrap();
    let (project, page) = (registry(), PageRequest::first(10));
    let listed = hub.engine.versions(&project, &name, page);
    assert!(listed.await.is_err());
}

#[tokio::test]
async fn unlinking_removes_only_the_link() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let versions = versions(&hub, 2).await;
    for version in &versions {
        hub.service.link(&version.id, &target(), &[]).unwrap();
    }
    let id = portfolio(&hub).unwrap().id;
    hub.service.unlink(&versions[1].id, &id).unwrap();
    hub.service.unlink(&versions[1].id, &id).unwrap();
    assert_eq!(at(&hub, "v1"), None);
    assert_eq!(at(&hub, "latest").unwrap().version.id, versions[0].id);
    let state = hub.service.version(&versions[1].id).unwrap().unwrap().state;
    assert_eq!(state, ArtifactState::Committed);
    let again = hub.service.link(&versions[1].id, &target(), &[]).unwrap();
    assert_eq!(again.index.get(), 2, "an index is not given again");
}

#[tokio::test]
async fn links_go_with_their_version_and_do_not_keep_it() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let versions = versions(&hub, 2).await;
    for version in &versions {
        hub.service.link(&version.id, &target(), &[]).unwrap();
    }
    // Its aliases in the portfolio do not count.
    hub.service
        .unlink(&versions[1].id, &portfolio(&hub).unwrap().id)
        .unwrap();
    hub.service.delete_version(&versions[0].id, false).unwrap();
    assert_eq!(at(&hub, "latest"), None);
    assert_eq!(hub.service.memberships(&versions[0].id).unwrap(), []);
    let id = portfolio(&hub).unwrap().id;
    hub.service.unlink(&versions[0].id, &id).unwrap();

    // A sequence takes all links with it, a portfolio no version.
    hub.service.link(&versions[1].id, &target(), &[]).unwrap();
    let sequence = versions[1].sequence.id.clone();
    hub.service
        .delete_collection(&sequence, CollectionKind::Sequence)
        .unwrap();
    assert_eq!(at(&hub, "latest"), None);
    let state = hub.service.version(&versions[1].id).unwrap().unwrap().state;
    assert_eq!(state, ArtifactState::Deleted);
    let fresh = hub.log("data", &[("n", "fresh")]).await;
    assert_eq!(
        fresh.index,
        Some(0.into()),
        "another collection of the same name"
    );
    hub.service.link(&fresh.id, &target(), &[]).unwrap();
    let id = portfolio(&hub).unwrap().id;
    hub.service
        .delete_collection(&id, CollectionKind::Portfolio)
        .unwrap();
    assert_eq!(portfolio(&hub), None);
    let state = hub.service.version(&fresh.id).unwrap().unwrap().state;
    assert_eq!(state, ArtifactState::Committed);
}

#[tokio::test]
async fn sequences_and_portfolios_are_kept_apart() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let version = hub.log("data", &[("a", "a")]).await;
    let own = LinkTarget::Named(hub.project.clone(), "data".parse().unwrap());
    let refused = hub.service.link(&version.id, &own, &[]).unwrap_err();
    assert!(refused.to_string().contains("is a sequence"), "{refused}");
    let target = LinkTarget::Named(hub.project.clone(), "collected".parse().unwrap());
    let linked = hub.service.link(&version.id, &target, &[]).unwrap();
    let refused = hub.service.create_version(&hub.request("collected", &[]));
    assert!(refused.unwrap_err().to_string().contains("is a portfolio"));

    let mut request = hub.request("model", &[("m", "m")]);
    request.artifact.artifact_type = "model".parse().unwrap();
    let model = hub.log_as(&request, &[("m", "m")]).await;
    let id = LinkTarget::Id(linked.collection.id);
    let refused = hub.service.link(&model.id, &id, &[]).unwrap_err();
    assert!(refused.to_string().contains("`dataset`"), "{refused}");
    let pending = hub.create(&hub.request("data", &[("b", "b")]));
    assert!(hub.service.link(&pending.id, &id, &[]).is_err());
}
