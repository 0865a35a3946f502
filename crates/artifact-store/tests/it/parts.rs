//! Files that arrive in parts.

use std::fs;

use artifact_core::ContentDigest;
use artifact_core::ports::{RegistryError, UploadTicket};
use artifact_store::StoreError;
use artifact_store::service::{PartSpec, PartsUpload};
use registry_conformance::{Draft, Pending};

use crate::processes::Child;
use crate::receiving::{bytes, commit_and_fetch, md5_of, send, ticket};
use crate::store::{Server, Store, files_in};

const PART: usize = 300_000;

fn content() -> Vec<u8> {
    bytes(3 * PART + 17)
}

/// A file in four parts of a pending version.
struct Upload {
    draft: Draft,
    pending: Pending,
    whole: UploadTicket,
    parts: Vec<PartSpec>,
    begun: PartsUpload,
}

fn specs(content: &[u8]) -> Vec<PartSpec> {
    let parts = (1..).zip(content.chunks(PART));
    parts
        .map(|(number, part)| PartSpec {
            number,
            md5: md5_of(part),
        })
        .collect()
}

async fn begin(server: &Server) -> Upload {
    let content = content();
    let draft = server.fixture.draft("data").file("a", &content);
    let pending = draft.begin().await;
    let whole = ticket(&draft, &pending).await;
    let parts = specs(&content);
    let begun = server.service.begin_parts(&whole, &parts).unwrap();
    assert_eq!(begun.tickets.len(), 4);
    Upload {
        draft,
        pending,
        whole,
        parts,
        begun,
    }
}

fn send_part(server: &Server, upload: &Upload, number: usize) {
    let content = content();
    let part = content.chunks(PART).nth(number - 1).unwrap();
    let ticket = &upload.begun.tickets[number - 1];
    assert_eq!(
        send(&server.service, ticket, part).unwrap().md5,
        md5_of(part)
    );
}

fn finish(server: &Server, upload: &Upload) -> Result<ContentDigest, StoreError> {
    server.service.finish_parts(&upload.begun.id, &upload.parts)
}

fn part_files(store: &Store) -> usize {
    let versions = files_in(&store.path().join("parts"));
    versions.iter().map(|version| files_in(version).len()).sum()
}

fn is_rejected(error: &StoreError) -> bool {
    matches!(error, StoreError::Refused(RegistryError::Rejected { .. }))
}

#[tokio::test]
async fn parts_in_any_order_make_the_whole() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    for number in [3, 1, 4, 2, 3] {
        send_part(&server, &upload, number);
    }
    assert_eq!((part_files(&store), store.blobs().len()), (4, 0));
    assert_eq!(finish(&server, &upload).unwrap(), md5_of(&content()));
    assert_eq!((part_files(&store), store.blobs().len()), (0, 1));
    let stored = commit_and_fetch(&server, &upload.draft, &upload.pending, "a").await;
    assert!(stored == content());
    // Late repetitions of a client that did not hear the answers.
    assert_eq!(finish(&server, &upload).unwrap(), md5_of(&content()));
    send_part(&server, &upload, 2);
    drop((upload, server));
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn finishing_twice_changes_nothing() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    (1..=4).for_each(|number| send_part(&server, &upload, number));
    let mut reversed = upload.parts.clone();
    reversed.reverse();
    let finished = server.service.finish_parts(&upload.begun.id, &reversed);
    assert_eq!(finished.unwrap(), md5_of(&content()));
    assert_eq!(finish(&server, &upload).unwrap(), md5_of(&content()));
    let stored = commit_and_fetch(&server, &upload.draft, &upload.pending, "a").await;
    assert!(stored == content());
}

#[tokio::test]
async fn finishing_at_once_from_several_threads_is_finishing() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    (1..=4).for_each(|number| send_part(&server, &upload, number));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(finish(&server, &upload).unwrap(), md5_of(&content())));
        }
    });
    assert_eq!(store.blobs().len(), 1);
}

#[tokio::test]
async fn without_one_part_nothing_is_finished() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    for number in [1, 2, 4] {
        send_part(&server, &upload, number);
    }
    let refused = finish(&server, &upload).unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
    assert!(store.blobs().is_empty());
    assert_eq!(part_files(&store), 3, "they stay for another try");
    send_part(&server, &upload, 3);
    finish(&server, &upload).unwrap();
}

#[tokio::test]
async fn wrong_parts_are_refused() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    let ticket = &upload.begun.tickets[1];
    let content = content();
    for wrong in [&content[..PART], &content[PART..2 * PART - 1], b""] {
        let sent = send(&server.service, ticket, wrong);
        assert!(matches!(sent, Err(StoreError::Corrupt)), "{sent:?}");
    }
    assert_eq!(part_files(&store), 0);
    assert!(files_in(&store.path().join("tmp")).is_empty());

    (1..=4).for_each(|number| send_part(&server, &upload, number));
    let (mut other, mut fewer) = (upload.parts.clone(), upload.parts.clone());
    other[2].md5 = md5_of(b"other");
    fewer.pop();
    for parts in [other, fewer, Vec::new()] {
        let refused = server.service.finish_parts(&upload.begun.id, &parts);
        assert!(is_rejected(&refused.unwrap_err()));
    }
    assert!(store.blobs().is_empty());
    finish(&server, &upload).unwrap();
}

#[tokio::test]
async fn right_parts_of_another_whole_are_refused() {
    let store = Store::new();
    let server = store.server();
    let content = content();
    let draft = server.fixture.draft("data").file("a", &content);
    let pending = draft.begin().await;
    let whole = ticket(&draft, &pending).await;
    let mut parts: Vec<_> = content.chunks(PART).collect();
    parts.swap(0, 1);
    let other = parts.concat();
    let parts = specs(&other);
    let upload = server.service.begin_parts(&whole, &parts).unwrap();
    for (ticket, part) in upload.tickets.iter().zip(other.chunks(PART)) {
        send(&server.service, ticket, part).unwrap();
    }
    let finished = server.service.finish_parts(&upload.id, &parts);
    assert!(matches!(finished, Err(StoreError::Corrupt)), "{finished:?}");
    assert!(store.blobs().is_empty());
}

#[tokio::test]
async fn parts_must_be_announced_in_order() {
    let store = Store::new();
    let server = store.server();
    let upload = begin(&server).await;
    let spec = |number| PartSpec {
        number,
        md5: md5_of(b""),
    };
    let xxh128 = PartSpec {
        number: 1,
        md5: ContentDigest::Xxh128([0; 16]),
    };
    for parts in [
        vec![],
        vec![spec(0)],
        vec![spec(2)],
        vec![spec(2), spec(1)],
        vec![xxh128],
        (1..=10_001).map(spec).collect(),
    ] {
        let refused = server.service.begin_parts(&upload.whole, &parts);
        assert!(is_rejected(&refused.unwrap_err()));
    }
    let part = &upload.begun.tickets[0];
    let refused = server.service.begin_parts(part, &[spec(1)]).unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
    let refused = server.service.finish_parts("no id", &[]).unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
}

#[tokio::test]
async fn parts_outlive_the_engine_that_took_them() {
    let store = Store::new();
    let mut server = store.server();
    // Another writer, so that the pending version is not given up meanwhile.
    let other = store.fixture();
    other.transfer.ingest_bytes(b"other").unwrap();
    let upload = begin(&server).await;
    for number in 1..=4 {
        send_part(&server, &upload, number);
        drop(server);
        server = store.server();
    }
    finish(&server, &upload).unwrap();
    let stored = commit_and_fetch(&server, &upload.draft, &upload.pending, "a").await;
    assert!(stored == content());
}

#[tokio::test]
async fn parts_go_with_their_version() {
    let store = Store::new();
    let server = store.server();
    // Committed with content that came another way.
    let upload = begin(&server).await;
    send_part(&server, &upload, 1);
    send(&server.service, &upload.whole, &content()).unwrap();
    commit_and_fetch(&server, &upload.draft, &upload.pending, "a").await;
    assert_eq!(part_files(&store), 0);

    // Given up by its writer.
    let draft = server.fixture.draft("other").file("b", content());
    let pending = draft.begin().await;
    let whole = ticket(&draft, &pending).await;
    let parts = specs(&content());
    let abandoned = server.service.begin_parts(&whole, &parts).unwrap();
    send(&server.service, &abandoned.tickets[0], &content()[..PART]).unwrap();
    assert_eq!(part_files(&store), 1);
    drop((draft, upload, server));
    assert!(store.leftovers().is_empty());

    let server = store.server();
    let sent = server.service.receive(&abandoned.tickets[0], None);
    assert!(is_rejected(&sent.unwrap_err()));
    let finished = server.service.finish_parts(&abandoned.id, &parts);
    assert!(is_rejected(&finished.unwrap_err()));
}

#[tokio::test]
async fn parts_of_a_killed_writer_are_cleared_up() {
    let store = Store::new();
    Child::run("crash-in-parts", store.path()).wait_for_abort();
    assert_eq!(part_files(&store), 1);
    assert_eq!(files_in(&store.path().join("tmp")).len(), 2);
    drop(store.server());
    assert_eq!(part_files(&store), 1, "readers leave it alone");
    let server = store.server();
    server.fixture.transfer.ingest_bytes(b"anything").unwrap();
    drop(server);
    assert!(store.leftovers().is_empty());
    assert!(store.blobs().is_empty());
    assert!(fs::exists(store.path().join("parts")).unwrap());
}

/// Dies while a part and a file are on their way, and another part is there.
pub(crate) async fn crash_in_parts(folder: &std::path::Path) -> ! {
    let server = crate::store::server_at(folder);
    let upload = begin(&server).await;
    send_part(&server, &upload, 1);
    let content = content();
    let [mut part, mut file] = [&upload.begun.tickets[1], &upload.whole]
        .map(|ticket| server.service.receive(ticket, None).unwrap());
    part.write(&content[..10]).unwrap();
    file.write(&content[..2 * PART]).unwrap();
    std::process::abort();
}
