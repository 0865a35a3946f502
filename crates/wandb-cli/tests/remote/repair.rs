//! Damaged content of a store: repaired where possible, never served.

use std::fs;
use std::path::{Path, PathBuf};

use wandb_rs::{Error, FlowError, RepairSource, Store};

use crate::server::USER;
use crate::world::World;

fn blobs(store: &Path) -> impl Iterator<Item = PathBuf> {
    let folders = fs::read_dir(store.join("blobs/sha256")).unwrap();
    let blobs = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    blobs.map(|blob| blob.unwrap().path())
}

fn blob_with(store: &Path, content: &[u8]) -> PathBuf {
    blobs(store)
        .find(|blob| fs::read(blob).unwrap() == content)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_damaged_in_a_store_is_fetched_anew_from_a_server() {
    let (near, far) = (World::embedded(), World::served());
    let run = near.run("r1").await;
    near.log(&run, "data", "precious").await;
    near.log(&run, "lost", "for ever").await;
    run.finish().await.unwrap();
    let copied = near.client.copy_to(&far.client, "data".parse().unwrap());
    copied.await.unwrap();

    let folder = near.folder.path().join("store");
    for content in ["precious", "for ever"] {
        let blob = blob_with(&folder, content.as_bytes());
        fs::remove_file(&blob).unwrap();
        fs::write(&blob, content.to_uppercase()).unwrap();
    }
    let store = Store::open(&folder).unwrap();
    let found = store.inspect().await.unwrap();
    assert_eq!(found.damaged.len(), 2);
    let repairs = store
        .repair(found.damaged, Some(&far.client))
        .await
        .unwrap();
    let sources: Vec<_> = repairs
        .iter()
        .filter_map(|repair| repair.source.as_ref())
        .collect();
    let source = format!("{USER}/demo/data:v0");
    assert_eq!(sources[0].to_string(), source);
    assert_eq!(sources.len(), 1);
    let left = store.inspect().await.unwrap().damaged;
    assert_eq!(left.len(), 1, "nobody else has it");
    assert_eq!(
        fs::read(blob_with(&folder, b"precious")).unwrap(),
        b"precious"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_files_of_runs_are_fetched_anew_from_a_server() {
    let (near, far) = (World::embedded(), World::served());
    for world in [&near, &far] {
        let run = world.run("r1").await;
        run.save_file(world.write("notes.txt", "precious"))
            .await
            .unwrap();
        run.finish().await.unwrap();
    }
    let run = near.run("alone").await;
    run.save_file(near.write("lost.txt", "for ever"))
        .await
        .unwrap();
    run.finish().await.unwrap();
    let folder = near.folder.path().join("store");
    for content in ["precious", "for ever"] {
        fs::remove_file(blob_with(&folder, content.as_bytes())).unwrap();
    }
    let store = Store::open(&folder).unwrap();
    let damaged = store.inspect().await.unwrap().damaged;
    assert_eq!(damaged.len(), 2);
    let repairs = store.repair(damaged, Some(&far.client)).await.unwrap();
    let sources: Vec<_> = repairs
        .iter()
        .filter_map(|repair| repair.source.as_ref())
        .map(ToString::to_string)
        .collect();
    assert_eq!(sources, [format!("the run {USER}/demo/r1")]);
    assert!(blob_with(&folder, b"precious").exists());
    assert_eq!(store.inspect().await.unwrap().damaged.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_manifests_are_written_anew_without_a_server() {
    let world = World::embedded();
    let run = world.run("r1").await;
    let logged = world.log(&run, "data", "content").await;
    run.finish().await.unwrap();
    let folder = world.folder.path().join("store");
    for blob in blobs(&folder) {
        if fs::read(&blob).unwrap().starts_with(b"{") {
            fs::remove_file(&blob).unwrap();
            fs::write(&blob, "{").unwrap();
        }
    }
    assert!(logged.manifest().await.is_err());

    let store = Store::open(&folder).unwrap();
    let damaged = store.inspect().await.unwrap().damaged;
    let repairs = store.repair(damaged, None).await.unwrap();
    let sources: Vec<_> = repairs.iter().map(|repair| &repair.source).collect();
    assert_eq!(sources, [&Some(RepairSource::Store)]);
    assert!(store.inspect().await.unwrap().damaged.is_empty());
    logged
        .download()
        .to(world.folder.path().join("out"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_damaged_does_not_appear() {
    let world = World::embedded();
    let run = world.run("r1").await;
    let path = run.address().to_string();
    let file = world.write("notes.txt", "right");
    run.save_file(file).await.unwrap();
    run.finish().await.unwrap();
    let blob = blob_with(&world.folder.path().join("store"), b"right");
    fs::remove_file(&blob).unwrap();
    fs::write(&blob, "wrong").unwrap();
    let run = world.client.api().run(&path).await.unwrap();
    let file = run.file("notes.txt").await.unwrap();
    let root = world.folder.path().join("out");
    let damaged = file.download(&root).await;
    assert!(
        matches!(damaged, Err(Error::Flow(FlowError::Damaged { .. }))),
        "{damaged:?}"
    );
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}
