//! The public API of a registry, over the embedded store and a server alike.

use std::fs;

use futures::TryStreamExt as _;
use wandb_rs::api::{CollectionKind, RunState};
use wandb_rs::{
    AliasedDeletion, ArtifactChanges, Error, FlowError, LineageDirection, LineageLimits,
    LoggedArtifact,
};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_run_are_listed_with_their_urls_and_brought_here() {
    for world in World::both() {
        let run = world.run("r1").await;
        let path = run.address().to_string();
        for (name, content) in [("media/a b.txt", "one"), ("notes.txt", "two")] {
            let file = world.write("file", content);
            run.save_file_as(file, name).await.unwrap();
        }
        run.finish().await.unwrap();

        let run = world.client.api().run(&path).await.unwrap();
        assert_eq!(run.to_string(), path);
        assert_eq!(run.state, RunState::Finished);
        let all: Vec<_> = run
            .files()
            .per_page(1)
            .stream()
            .try_collect()
            .await
            .unwrap();
        let names: Vec<_> = all.iter().map(|file| file.name.as_str()).collect();
        assert!(
            names.is_sorted() && names.contains(&"notes.txt"),
            "{names:?}"
        );
        let root = world.folder.path().join("out");
        let found = run.files_like("media/%").all().await.unwrap();
        assert_eq!(found.len(), 1);
        let file = &found[0];
        assert_eq!(
            (file.size, file.mimetype.as_deref()),
            (3, Some("text/plain"))
        );
        let scheme = if world.server.is_some() {
            "http://"
        } else {
            "file://"
        };
        assert!(file.url.starts_with(scheme) && file.direct_url.starts_with(scheme));
        assert!(
            !format!("{file:?}").contains(&file.direct_url),
            "it may authorise"
        );
        let here = file.download(&root).await.unwrap();
        assert_eq!(here, root.join("media/a b.txt"));
        assert_eq!(fs::read(&here).unwrap(), b"one");

        // What is right stays, what is not is replaced, and nothing is written through a link.
        let modified = || fs::metadata(&here).unwrap().modified().unwrap();
        let before = modified();
        file.download(&root).await.unwrap();
        assert_eq!(modified(), before);
        fs::write(&here, "oNe").unwrap();
        file.download(&root).await.unwrap();
        assert_eq!(fs::read(&here).unwrap(), b"one");
        let elsewhere = world.folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let linked = world.folder.path().join("linked");
        fs::create_dir(&linked).unwrap();
        std::os::unix::fs::symlink(&elsewhere, linked.join("media")).unwrap();
        let refused = file.download(&linked).await;
        assert!(
            matches!(refused, Err(Error::Flow(FlowError::Link { .. }))),
            "{refused:?}"
        );
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        assert!(run.file("none").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_are_filtered_ordered_and_gone_on_with() {
    for world in World::both() {
        let api = world.client.api();
        for n in 0..5 {
            let run = world.run(&format!("r{n}")).await;
            world.log(&run, "data", &n.to_string()).await;
            run.finish_with(n % 2).await.unwrap();
        }
        let good = api.runs("").await.unwrap();
        let good = good.filter(r#"{"state": "finished"}"#).order("-created_at");
        let good = good.all().await.unwrap();
        let ids: Vec<_> = good.iter().map(|run| run.id().as_str()).collect();
        assert_eq!(ids, ["r4", "r2", "r0"]);

        let versions = api.artifacts("demo/data").await.unwrap().per_page(2);
        let page = versions.page().await.unwrap();
        let numbers = |page: &[LoggedArtifact]| {
            let numbers = page.iter().map(|version| version.version.get());
            numbers.collect::<Vec<_>>()
        };
        assert_eq!(numbers(&page.items), [4, 3]);
        // As in a later process: all that is left of the first one is the cursor.
        let cursor = page.next.unwrap().to_string();
        let rest = world.client.api().artifacts("data").await.unwrap();
        assert_eq!(numbers(&rest.after(cursor).all().await.unwrap()), [2, 1, 0]);
        let oldest = versions.clone().order("+created_at").page().await.unwrap();
        assert_eq!(numbers(&oldest.items), [0, 1]);
        let refused = versions.filter("{").page().await;
        assert!(matches!(refused, Err(Error::Registry(_))));

        let types = api.artifact_types("demo").await.unwrap();
        let types = types.all().await.unwrap();
        assert_eq!(types, ["dataset".parse().unwrap()]);
        let collections = api.artifact_collections("demo", None).await.unwrap();
        assert_eq!(collections.all().await.unwrap().len(), 1);
        for (address, is_there) in [
            ("data:v4", true),
            ("data", true),
            ("data:v5", false),
            ("none", false),
            ("elsewhere/none", false),
        ] {
            assert_eq!(
                api.artifact_exists(address).await.unwrap(),
                is_there,
                "{address}"
            );
        }
        assert!(api.artifact_collection_exists("data").await.unwrap());
        assert!(!api.artifact_collection_exists("none").await.unwrap());
        assert!(matches!(api.run("a/b/c/d/e").await, Err(Error::Invalid(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lineage_is_told_from_a_run_and_from_a_version() {
    for world in World::both() {
        let prep = world.run("prep").await;
        let data = world.log(&prep, "data", "a").await;
        prep.finish().await.unwrap();
        let train = world.run("train").await;
        train.use_artifact("data").await.unwrap();
        let model = world.log(&train, "model", "b").await;
        let path = train.address().to_string();
        train.finish().await.unwrap();

        let run = world.client.api().run(&path).await.unwrap();
        let names = |artifacts: Vec<LoggedArtifact>| {
            let names = artifacts.iter().map(ToString::to_string);
            names.collect::<Vec<_>>()
        };
        let used = run.used_artifacts().all().await.unwrap();
        assert_eq!(names(used), [data.to_string()]);
        let logged = run.logged_artifacts().all().await.unwrap();
        assert_eq!(names(logged), [model.to_string()]);
        let limits = LineageLimits::default();
        let up = model.lineage(LineageDirection::Up, limits).await.unwrap();
        assert_eq!((up.nodes.len(), up.edges.len()), (4, 3));
        let down = data.lineage(LineageDirection::Down, limits).await.unwrap();
        assert_eq!((down.nodes.len(), down.edges.len()), (3, 2));
    }
}

/// Each entity is an organization of its own, so its registries are the entity's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_is_found_without_its_organization_and_with_it() {
    for world in World::both() {
        let run = world.run("r1").await;
        let v0 = world.log(&run, "data", "0").await;
        let linked = v0.link("wandb-registry-model/best", &[]).await.unwrap();
        let entity = v0.project.entity.to_string();
        assert_eq!(linked.project.entity, v0.project.entity);
        for address in [
            "wandb-registry-model/best".to_owned(),
            format!("{entity}/wandb-registry-model/best:v0"),
        ] {
            let found = world.client.artifact(&*address).await.unwrap();
            assert_eq!(found.to_string(), linked.to_string());
        }
        let nobody = "nobody/wandb-registry-model/best:v0";
        assert!(world.client.artifact(nobody).await.is_err());
        run.finish().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_labelled_and_dropped_without_the_version() {
    for world in World::both() {
        let run = world.run("r1").await;
        let v0 = world.log(&run, "data", "0").await;
        let linked = v0
            .link("hall/best", &["prod".parse().unwrap()])
            .await
            .unwrap();
        assert!(linked.is_link().await.unwrap() && !v0.is_link().await.unwrap());
        assert_eq!(linked.source().await.unwrap().to_string(), v0.to_string());

        let mut found = world.client.artifact("hall/best:prod").await.unwrap();
        let changes = ArtifactChanges {
            description: Some("the best".to_owned()),
            aliases_to_add: vec!["new".parse().unwrap()],
            aliases_to_delete: vec!["prod".parse().unwrap()],
            ..ArtifactChanges::default()
        };
        found.update(changes).await.unwrap();
        let aliases = |artifact: &LoggedArtifact| {
            let aliases = artifact.aliases.iter().map(ToString::to_string);
            aliases.collect::<Vec<_>>()
        };
        assert_eq!(aliases(&found), ["latest", "new"]);
        assert_eq!(found.description.as_deref(), Some("the best"));
        let source = found.source().await.unwrap();
        assert_eq!(aliases(&source), ["latest"]);
        assert_eq!(source.description.as_deref(), Some("the best"));
        assert_eq!(v0.links().await.unwrap().len(), 1);

        // It is read where it is linked, too.
        let root = world.folder.path().join("linked");
        found.download().to(&root).await.unwrap();
        assert_eq!(fs::read(root.join("data.txt")).unwrap(), b"0");

        let api = world.client.api();
        let best = api.artifact_collection("hall/best").await.unwrap();
        assert_eq!(best.kind, CollectionKind::Portfolio);
        assert!(source.unlink().await.is_err(), "it was made there");
        found.delete(AliasedDeletion::Refuse).await.unwrap();
        assert!(!api.artifact_exists("hall/best:v0").await.unwrap());
        assert!(api.artifact_exists("data:v0").await.unwrap());
        best.delete().await.unwrap();
        assert!(!api.artifact_collection_exists("hall/best").await.unwrap());

        let refused = v0.clone().delete(AliasedDeletion::Refuse).await;
        assert!(matches!(refused, Err(Error::Registry(_))), "{refused:?}");
        v0.delete(AliasedDeletion::DeleteAliases).await.unwrap();
        assert!(!api.artifact_exists("data:v0").await.unwrap());
        run.finish().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_are_changed() {
    for world in World::both() {
        let run = world.run("r1").await;
        world.log(&run, "data", "0").await;
        run.finish().await.unwrap();
        let api = world.client.api();
        let mut collection = api.artifact_collection("data").await.unwrap();
        collection.describe("numbers").await.unwrap();
        collection
            .tag(vec!["gold".parse().unwrap()], Vec::new())
            .await
            .unwrap();
        collection.rename("numbers".parse().unwrap()).await.unwrap();
        let found = api.artifact_collection("numbers").await.unwrap();
        assert_eq!(found.description.as_deref(), Some("numbers"));
        assert_eq!(found.tags, ["gold".parse().unwrap()]);
        let versions = found.versions().all().await.unwrap();
        assert_eq!(versions[0].name.as_str(), "numbers");
        assert!(!api.artifact_exists("data").await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_within_a_store_takes_no_room() {
    let world = World::embedded();
    let run = world.run("r1").await;
    world.log(&run, "data", "content").await;
    run.finish().await.unwrap();
    let client = &world.client;
    let copy = client.copy_to(client, "data".parse().unwrap());
    let copy = copy
        .project("other".parse().unwrap())
        .await
        .unwrap()
        .remove(0);
    assert_eq!(copy.artifact.project.project.as_str(), "other");
    assert_eq!((copy.stats.new_bytes, copy.stats.reused_bytes), (0, 7));
}
