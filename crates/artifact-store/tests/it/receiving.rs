//! Bytes that arrive piece by piece, as over HTTP.

use std::sync::Barrier;

use artifact_core::ports::{RegistryError, UploadSpec, UploadTicket};
use artifact_core::{ContentDigest, DigestAlgorithm};
use artifact_store::StoreError;
use artifact_store::service::{FileSelection, Received, Service};
use md5::{Digest as _, Md5};
use registry_conformance::{Draft, Pending};

use crate::store::{Server, Store};
use crate::world::{World, all};

/// Longer than what is held in memory.
const LARGE: usize = 700_000;

pub(crate) fn md5_of(bytes: &[u8]) -> ContentDigest {
    ContentDigest::Md5(Md5::digest(bytes).into())
}

pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1])
        .collect()
}

/// Sends bytes in pieces, and says that it will.
pub(crate) fn send(
    service: &Service,
    ticket: &UploadTicket,
    bytes: &[u8],
) -> Result<Received, StoreError> {
    let mut receiver = service.receive(ticket, Some(bytes.len() as u64))?;
    for piece in bytes.chunks(10_007) {
        receiver.write(piece)?;
    }
    receiver.finish()
}

/// Asks for one ticket per file; `sized` as the embedded client asks, otherwise as clients over HTTP do.
async fn tickets(draft: &Draft, pending: &Pending, sized: bool) -> Vec<UploadTicket> {
    let unsized_spec = |spec| UploadSpec { size: None, ..spec };
    let specs = draft.specs().into_iter();
    let specs = if sized {
        specs.collect()
    } else {
        specs.map(unsized_spec).collect()
    };
    let grants = draft.request(pending, specs).await;
    grants
        .into_iter()
        .map(|grant| grant.ticket.unwrap())
        .collect()
}

pub(crate) async fn ticket(draft: &Draft, pending: &Pending) -> UploadTicket {
    tickets(draft, pending, false).await.remove(0)
}

/// Sends the manifest, commits, and returns the content of `path`.
pub(crate) async fn commit_and_fetch(
    server: &Server,
    draft: &Draft,
    pending: &Pending,
    path: &str,
) -> Vec<u8> {
    let births = [(path.parse().unwrap(), pending.id.clone())].into();
    let manifest = draft.manifest_file(&births);
    draft.send_manifest(pending, &manifest).await.unwrap();
    let committed = server.fixture.registry.commit_artifact(&pending.id).await;
    draft.fetch(&committed.unwrap().id, &[path]).await.remove(0)
}

fn is_rejected(error: &StoreError) -> bool {
    matches!(error, StoreError::Refused(RegistryError::Rejected { .. }))
}

#[tokio::test]
async fn what_arrives_in_pieces_is_kept_whole() {
    for (length, algorithm, sized) in [
        (0, DigestAlgorithm::Md5, false),
        (5, DigestAlgorithm::Xxh128, true),
        (256 << 10, DigestAlgorithm::Md5, true),
        (LARGE, DigestAlgorithm::Xxh128, false),
        (LARGE, DigestAlgorithm::Md5, true),
    ] {
        let store = Store::new();
        let server = store.server();
        let content = bytes(length);
        let draft = server.fixture.draft("data").file("a", &content);
        let draft = draft.with(|request| request.algorithm = algorithm);
        let pending = draft.begin().await;
        let ticket = tickets(&draft, &pending, sized).await.remove(0);
        let received = send(&server.service, &ticket, &content).unwrap();
        let expected = Received {
            size: length as u64,
            md5: md5_of(&content),
        };
        assert_eq!(received, expected);
        assert!(commit_and_fetch(&server, &draft, &pending, "a").await == content);
        drop((draft, server));
        assert!(store.leftovers().is_empty());
    }
}

#[tokio::test]
async fn a_manifest_is_received_like_a_file() {
    let store = Store::new();
    let server = store.server();
    let draft = server.fixture.draft("data").file("a", "content");
    let pending = draft.begin().await;
    send(&server.service, &ticket(&draft, &pending).await, b"content").unwrap();
    let manifest = draft.manifest_file(&[].into());
    let request = artifact_core::ports::CreateManifest {
        artifact: pending.id.clone(),
        base: None,
        kind: artifact_core::ports::ManifestKind::Full,
        run: None,
        upload: Some(md5_of(&manifest)),
    };
    let receipt = server.fixture.registry.create_manifest(request).await;
    let ticket = receipt.unwrap().upload.unwrap();
    let sent = send(&server.service, &ticket, &manifest).unwrap();
    assert_eq!(sent.md5, md5_of(&manifest));
    let committed = server.fixture.registry.commit_artifact(&pending.id).await;
    let id = committed.unwrap().id;
    assert_eq!(draft.fetch_manifest(&id).await, manifest);
    // And once more, when nothing can change any more.
    send(&server.service, &ticket, &manifest).unwrap();
}

#[tokio::test]
async fn wrong_bytes_count_for_nothing() {
    let store = Store::new();
    let server = store.server();
    let content = bytes(LARGE);
    let mut wrong = content.clone();
    wrong[LARGE / 2] ^= 1;
    let draft = server.fixture.draft("data").file("a", &content);
    let pending = draft.begin().await;
    let tickets = [
        tickets(&draft, &pending, true).await.remove(0),
        tickets(&draft, &pending, false).await.remove(0),
    ];
    for ticket in &tickets {
        let sent = send(&server.service, ticket, &wrong);
        assert!(matches!(sent, Err(StoreError::Corrupt)), "{sent:?}");
        for short in [0, 100, LARGE - 1] {
            let mut receiver = server.service.receive(ticket, Some(LARGE as u64)).unwrap();
            receiver.write(&content[..short]).unwrap();
            let sent = receiver.finish();
            assert!(matches!(sent, Err(StoreError::Corrupt)), "{sent:?}");
        }
    }
    let refused = server.service.receive(&tickets[0], Some(5)).unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
    assert!(store.blobs().is_empty());
    assert_eq!(drafts(&store), 0);
}

#[tokio::test]
async fn the_byte_that_is_too_many_fails() {
    let store = Store::new();
    let server = store.server();
    let draft = server.fixture.draft("data").file("a", "12345");
    let pending = draft.begin().await;
    let ticket = ticket(&draft, &pending).await;
    let mut receiver = server.service.receive(&ticket, Some(5)).unwrap();
    receiver.write(b"12345").unwrap();
    let sent = receiver.write(b"6");
    assert!(matches!(sent, Err(StoreError::Corrupt)), "{sent:?}");
    let sent = receiver.finish();
    assert!(sent.is_err(), "what failed once cannot be finished");
    assert!(store.blobs().is_empty());
}

fn drafts(store: &Store) -> usize {
    crate::store::files_in(&store.path().join("tmp")).len()
}

#[tokio::test]
async fn a_dropped_receiver_leaves_nothing() {
    let store = Store::new();
    let server = store.server();
    let content = bytes(LARGE);
    let draft = server.fixture.draft("data").file("a", &content);
    let pending = draft.begin().await;
    let ticket = ticket(&draft, &pending).await;
    for length in [10, LARGE] {
        let mut receiver = server.service.receive(&ticket, None).unwrap();
        receiver.write(&content[..length]).unwrap();
        assert_eq!(drafts(&store), usize::from(length == LARGE));
        drop(receiver);
    }
    assert_eq!(drafts(&store), 0);
    assert!(store.blobs().is_empty());
}

#[tokio::test]
async fn nothing_counts_before_it_is_finished() {
    let store = Store::new();
    let server = store.server();
    let draft = server.fixture.draft("data").file("a", "content");
    let pending = draft.begin().await;
    let ticket = ticket(&draft, &pending).await;
    let mut receiver = server.service.receive(&ticket, Some(7)).unwrap();
    receiver.write(b"content").unwrap();
    let births = [].into();
    let early = draft
        .send_manifest(&pending, &draft.manifest_file(&births))
        .await;
    assert!(early.is_err());
    receiver.finish().unwrap();
    assert_eq!(
        commit_and_fetch(&server, &draft, &pending, "a").await,
        b"content"
    );
}

#[tokio::test]
async fn after_the_commit_only_the_same_content_is_taken() {
    let store = Store::new();
    let server = store.server();
    let draft = server.fixture.draft("data").file("a", "content");
    let pending = draft.begin().await;
    let ticket = ticket(&draft, &pending).await;
    let other = UploadSpec {
        path: "a".parse().unwrap(),
        digest: md5_of(b"other"),
        size: None,
        md5: None,
        part_md5s: Vec::new(),
        stored_as: None,
    };
    let other = draft.request(&pending, vec![other]).await.remove(0);
    let other = other.ticket.unwrap();
    send(&server.service, &ticket, b"content").unwrap();
    commit_and_fetch(&server, &draft, &pending, "a").await;

    send(&server.service, &ticket, b"content").unwrap();
    let sent = send(&server.service, &ticket, b"Content");
    assert!(matches!(sent, Err(StoreError::Corrupt)), "{sent:?}");
    let refused = send(&server.service, &other, b"other").unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
    assert!(refused.to_string().contains("not pending"), "{refused}");
    drop((draft, server));
    assert_eq!(store.blobs().len(), 2);
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn what_a_version_that_is_gone_waited_for_is_refused() {
    let store = Store::new();
    let server = store.server();
    let (first, second) = (
        server.fixture.draft("data").file("a", "content"),
        server.fixture.draft("data").file("a", "content"),
    );
    let pending = first.begin().await;
    let gone = second.begin().await;
    let late = ticket(&second, &gone).await;
    first.store(&pending).await;
    second.store(&gone).await;
    let registry = &server.fixture.registry;
    registry.commit_artifact(&pending.id).await.unwrap();
    // Equal to the other one, so that it is dropped.
    registry.commit_artifact(&gone.id).await.unwrap();
    let refused = send(&server.service, &late, b"content").unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
    assert!(refused.to_string().contains("gone"), "{refused}");
}

#[tokio::test]
async fn the_same_file_from_many_at_once_is_one_file() {
    for length in [20, LARGE] {
        let store = Store::new();
        let server = store.server();
        let content = bytes(length);
        let draft = server.fixture.draft("data").file("a", &content);
        let pending = draft.begin().await;
        let ticket = ticket(&draft, &pending).await;
        let together = Barrier::new(16);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    together.wait();
                    send(&server.service, &ticket, &content).unwrap();
                });
            }
        });
        assert_eq!(store.blobs().len(), 1);
        assert_eq!(drafts(&store), 0);
        assert!(commit_and_fetch(&server, &draft, &pending, "a").await == content);
    }
}

#[tokio::test]
async fn many_files_at_once_each_get_their_own_answer() {
    const FILES: usize = 400;
    const WRONG: usize = 7;

    let store = Store::new();
    let server = store.server();
    let name = |n: usize| format!("{n:04}");
    let draft = (0..FILES).fold(server.fixture.draft("data"), |draft, n| {
        draft.file(&name(n), name(n))
    });
    let pending = draft.begin().await;
    let tickets = tickets(&draft, &pending, false).await;
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (tickets, service) = (&tickets, &server.service);
            scope.spawn(move || {
                for n in (thread..FILES).step_by(16) {
                    let body = if n % WRONG == 0 {
                        "wrong".to_owned()
                    } else {
                        name(n)
                    };
                    let sent = send(service, &tickets[n], body.as_bytes());
                    assert_eq!(sent.is_err(), n % WRONG == 0, "{n}: {sent:?}");
                }
            });
        }
    });
    for n in (0..FILES).step_by(WRONG) {
        send(&server.service, &tickets[n], name(n).as_bytes()).unwrap();
    }
    let manifest = draft.manifest_file(&[].into());
    draft.send_manifest(&pending, &manifest).await.unwrap();
    let committed = server.fixture.registry.commit_artifact(&pending.id).await;
    assert_eq!(committed.unwrap().file_count, FILES as u64);
}

#[test]
fn files_of_runs_arrive_in_pieces_without_a_digest() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let service = world.operator();
    let names = ["config.yaml".to_owned()];
    let ticket = service
        .request_run_files(&run.address, &names)
        .unwrap()
        .remove(0);
    let mut receiver = service.receive(&ticket, Some(5)).unwrap();
    receiver.write(b"half").unwrap();
    let short = receiver.finish();
    assert!(matches!(short, Err(StoreError::Corrupt)), "{short:?}");
    for content in [bytes(LARGE), b"short".to_vec()] {
        let sent = send(&service, &ticket, &content).unwrap();
        assert_eq!(sent.md5, md5_of(&content));
        let stored = service.run_files(&run.id, &FileSelection::default(), &all());
        let file = stored.unwrap().items.remove(0).item;
        assert_eq!((file.size, file.md5), (sent.size, sent.md5));
        let stored = service.download(&file.ticket).unwrap().unwrap();
        assert_eq!(stored.size(), content.len() as u64);
    }
    let World { engine, store, .. } = world;
    drop((service, engine));
    assert_eq!(store.blobs().len(), 1, "what was replaced is gone");
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn stored_content_can_be_opened() {
    let store = Store::new();
    let server = store.server();
    let draft = server.fixture.draft("data").file("a", "content");
    let record = draft.log().await;
    let request = draft.download_request(&record.id, &["a"]);
    let tickets = server.fixture.registry.downloads(&request).await.unwrap();
    let content = server.service.download(&tickets[0]).unwrap().unwrap();
    assert_eq!(content.size(), 7);
    for (range, expected) in [(0..7, "content"), (3..5, "te"), (5..99, "nt"), (9..10, "")] {
        let mut text = String::new();
        let mut reader = content.open(range).unwrap().unwrap();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }
    for blob in store.blobs() {
        std::fs::remove_file(blob).unwrap();
    }
    assert!(server.service.download(&tickets[0]).unwrap().is_none());
    assert!(content.open(0..7).unwrap().is_none());
    let foreign = artifact_core::ports::DownloadTicket {
        locator: "https://example.com".to_owned(),
    };
    let refused = server.service.download(&foreign).unwrap_err();
    assert!(is_rejected(&refused), "{refused:?}");
}
