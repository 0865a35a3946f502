//! The files of runs.

use artifact_core::ports::{BlobTransfer as _, Fetched, UploadBody, UploadTicket};
use artifact_core::records::{Run, RunFile};
use artifact_core::{ContentDigest, LogicalPath};
use artifact_store::service::{FileSelection, ListQuery};
use md5::{Digest as _, Md5};

use crate::world::{World, all, run};

fn tickets(world: &World, run: &Run, names: &[&str]) -> Vec<UploadTicket> {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    world
        .operator()
        .request_run_files(&run.address, &names)
        .unwrap()
}

async fn store(world: &World, run: &Run, name: &str, content: &[u8]) {
    let ticket = &tickets(world, run, &[name])[0];
    let sent = world
        .engine
        .upload(ticket, UploadBody::Bytes(content), &|_| ());
    sent.await.unwrap();
}

fn files(world: &World, run: &Run, selection: &FileSelection) -> Vec<RunFile> {
    let slice = world.operator().run_files(&run.id, selection, &all());
    let items = slice.unwrap().items.into_iter();
    items.map(|listed| listed.item).collect()
}

fn names(files: &[RunFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

async fn content(world: &World, file: &RunFile) -> Vec<u8> {
    match world.engine.download(&file.ticket, None).await.unwrap() {
        Fetched::File(path) => std::fs::read(path).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn files_are_stored_listed_and_read() {
    let world = World::new();
    let run = world.run("team/vision/r");
    store(&world, &run, "output.log", b"hello").await;
    store(&world, &run, "media/a:b.png", b"").await;
    world.wait(1);
    let found = files(&world, &run, &FileSelection::default());
    assert_eq!(names(&found), ["media/a:b.png", "output.log"]);
    let log = &found[1];
    assert_eq!(log.size, 5);
    assert_eq!(log.md5, ContentDigest::Md5(Md5::digest(b"hello").into()));
    assert_eq!(log.mimetype.as_deref(), Some("text/plain"));
    assert_eq!(content(&world, log).await, b"hello");
    assert_eq!(content(&world, &found[0]).await, b"");
    let count = world.operator().run_file_count(&run.id).unwrap();
    assert_eq!(count, 2);
}

#[tokio::test]
async fn a_file_can_be_sent_from_a_file_and_again() {
    let world = World::new();
    let run = world.run("team/vision/r");
    store(&world, &run, "config.yaml", b"old").await;
    let before = files(&world, &run, &FileSelection::default());
    world.wait(1);
    let path = world.store.path().join("new");
    std::fs::write(&path, b"new content").unwrap();
    let ticket = &tickets(&world, &run, &["config.yaml"])[0];
    world
        .engine
        .upload(ticket, UploadBody::File(&path), &|_| ())
        .await
        .unwrap();
    let after = files(&world, &run, &FileSelection::default());
    assert_eq!((after.len(), after[0].number), (1, before[0].number));
    assert!(before[0].updated_at < after[0].updated_at);
    assert_eq!(content(&world, &after[0]).await, b"new content");
}

#[tokio::test]
async fn files_are_chosen_by_name_and_by_pattern() {
    let world = World::new();
    let run = world.run("team/vision/r");
    for name in ["a.txt", "media/a_1.png", "media/ab1.png", "z.log"] {
        store(&world, &run, name, name.as_bytes()).await;
    }
    let by_names = FileSelection {
        names: vec!["z.log".to_owned(), "none".to_owned(), "a.txt".to_owned()],
        pattern: None,
    };
    assert_eq!(names(&files(&world, &run, &by_names)), ["a.txt", "z.log"]);
    let by_pattern = |pattern: &str| FileSelection {
        names: Vec::new(),
        pattern: Some(pattern.to_owned()),
    };
    let media = files(&world, &run, &by_pattern("media/%"));
    assert_eq!(names(&media), ["media/a_1.png", "media/ab1.png"]);
    assert_eq!(files(&world, &run, &by_pattern("%.png")).len(), 2);
    assert_eq!(names(&files(&world, &run, &by_pattern("_.txt"))), ["a.txt"]);
    let long = by_pattern(&"%".repeat(2000));
    let refused = world.operator().run_files(&run.id, &long, &all());
    assert!(refused.unwrap_err().to_string().contains("2000"));

    let mut query = ListQuery {
        first: Some(3),
        ..ListQuery::default()
    };
    let everything = FileSelection::default();
    let page = world
        .operator()
        .run_files(&run.id, &everything, &query)
        .unwrap();
    assert_eq!((page.items.len(), page.has_more, page.total), (3, true, 4));
    query.after = Some(page.items[2].cursor.clone());
    let page = world
        .operator()
        .run_files(&run.id, &everything, &query)
        .unwrap();
    assert_eq!(
        (page.items[0].item.name.as_str(), page.has_more),
        ("z.log", false)
    );
}

#[tokio::test]
async fn names_that_leave_the_run_are_refused() {
    let world = World::new();
    let made = world.run("team/vision/r");
    for name in ["../a", "/etc/passwd", "", "C:a", "a/../../b"] {
        let names = ["fine".to_owned(), name.to_owned()];
        let error = world
            .operator()
            .request_run_files(&made.address, &names)
            .unwrap_err();
        assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
    }
    let missing = run("team/vision/none");
    assert!(world.operator().request_run_files(&missing, &[]).is_err());
    assert_eq!(tickets(&world, &made, &["b", "a", "b"]).len(), 3);
}

#[tokio::test]
async fn a_ticket_of_a_deleted_run_is_refused() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let ticket = &tickets(&world, &run, &["late"])[0];
    world.operator().delete_run(&run.id, false).unwrap();
    let sent = world
        .engine
        .upload(ticket, UploadBody::Bytes(b"late"), &|_| ())
        .await;
    assert!(sent.is_err());
    assert!(world.store.blobs().is_empty());
}

#[tokio::test]
async fn deleted_files_are_gone_and_their_content_with_the_last_user() {
    let mut world = World::new();
    let run = world.run("team/vision/r");
    store(&world, &run, "a", b"shared").await;
    store(&world, &run, "b", b"shared").await;
    store(&world, &run, "c", b"only here").await;
    let found = files(&world, &run, &FileSelection::default());
    let (a, c) = (found[0].number, found[2].number);
    world.operator().delete_run_files(&[a, c, 17]).unwrap();
    world.operator().delete_run_files(&[a]).unwrap();
    let left = files(&world, &run, &FileSelection::default());
    assert_eq!(names(&left), ["b"]);
    // The next writer that is alone clears up.
    world = world.reopened();
    world.run("team/vision/other");
    assert_eq!(content(&world, &left[0]).await, b"shared");
    world = world.reopened();
    assert_eq!(world.store.blobs().len(), 1);
    assert_eq!(content(&world, &left[0]).await, b"shared");
    assert!(world.store.leftovers().is_empty());
    // A number is never given twice.
    store(&world, &run, "c", b"again").await;
    let again = files(&world, &run, &FileSelection::default());
    assert!(found.iter().all(|file| file.number < again[1].number));
}

#[tokio::test]
async fn a_writer_of_run_files_leaves_nothing_behind() {
    let mut world = World::new();
    let run = world.run("team/vision/r");
    store(&world, &run, "a", b"content").await;
    world = world.reopened();
    assert!(world.store.leftovers().is_empty());
    let found = files(&world, &run, &FileSelection::default());
    assert_eq!(content(&world, &found[0]).await, b"content");
    let name: &LogicalPath = &found[0].name;
    assert_eq!(name.as_str(), "a");
}
