//! Manifests that are too large for one transaction.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use artifact_core::ports::{
    BlobTransfer as _, ManifestId, ManifestKind, TransferError, UploadBody,
};
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{ArtifactDigest, DigestAlgorithm, EntryDigest, LogicalPath};
use artifact_store::service::{CreateVersion, ListQuery};
use manifest::ArtifactDigester;
use rusqlite::Connection;

use crate::hub::{Hub, md5};
use crate::processes::Child;
use crate::store::Store;

/// Enough for a dozen transactions, which take longer than any other write.
const ENTRIES: usize = 60_000;

/// A version of so many references.
struct Large {
    digest: ArtifactDigest,
    file: String,
}

impl Large {
    fn new() -> Self {
        Self::in_order(0..ENTRIES)
    }

    /// The version whose manifest lists the entries in this order.
    fn in_order(order: impl Iterator<Item = usize>) -> Self {
        let mut digester = ArtifactDigester::new(DigestAlgorithm::Md5);
        for number in 0..ENTRIES {
            let path: LogicalPath = path(number).parse().unwrap();
            digester.entry(&path, &EntryDigest::Opaque(format!("etag{number}").into()));
        }
        let mut file =
            r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{"#.to_owned();
        for (place, number) in order.enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let path = path(number);
            let _ = write!(
                file,
                r#"{comma}"{path}":{{"digest":"etag{number}","ref":"s3://bucket/data/{path}","size":1}}"#
            );
        }
        file.push_str("}}");
        Self {
            digest: digester.finish(),
            file,
        }
    }

    fn request(&self, hub: &Hub) -> CreateVersion {
        let mut request = hub.request("large", &[]);
        request.artifact.digest = self.digest;
        // Whoever asks again gets the same one, until it is committed.
        request.artifact.distributed_id = Some("large".to_owned());
        request
    }

    /// Creates the version and its manifest.
    fn begin(&self, hub: &Hub) -> (ArtifactId, ManifestId) {
        let created = hub.create(&self.request(hub));
        assert_eq!(created.state, ArtifactState::Pending);
        let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
        (created.id, manifest)
    }

    /// Sends the manifest file.
    async fn send(&self, hub: &Hub, manifest: &ManifestId) -> Result<(), TransferError> {
        let digest = md5(self.file.as_bytes());
        let receipt = hub.service.update_manifest(manifest, digest).unwrap();
        let body = UploadBody::Bytes(self.file.as_bytes());
        hub.engine
            .upload(&receipt.upload.unwrap(), body, &|_| {})
            .await
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

fn path(number: usize) -> String {
    format!("{:03}/{number:06}.bin", number / 1000)
}

fn number(folder: &Path, query: &str) -> i64 {
    let database = Connection::open(folder.join("store.db")).unwrap();
    database.busy_timeout(Duration::from_mins(1)).unwrap();
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

/// Whether a manifest is being stored: some of its entries are there.
fn is_half_stored(folder: &Path) -> bool {
    let marked = "SELECT count(*) FROM manifest WHERE storing IS NOT NULL";
    number(folder, marked) == 1 && 0 < number(folder, "SELECT EXISTS (SELECT 1 FROM entry)")
}

fn wait_until_half_stored(folder: &Path) {
    while !is_half_stored(folder) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a manifest in a thread of its own.
fn sending<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    hub: &'scope Hub,
    large: &'scope Large,
    manifest: &'scope ManifestId,
) -> thread::ScopedJoinHandle<'scope, Result<(), TransferError>> {
    scope.spawn(|| block_on(large.send(hub, manifest)))
}

#[test]
fn others_write_while_a_large_manifest_is_stored() {
    let (store, large) = (Store::new(), Large::new());
    let hub = Hub::open(&store);
    let (id, manifest) = large.begin(&hub);
    let written = thread::scope(|scope| {
        let sent = sending(scope, &hub, &large, &manifest);
        wait_until_half_stored(store.path());
        let mut written = 0;
        while !sent.is_finished() {
            hub.run(&format!("run{written}"));
            if is_half_stored(store.path()) {
                written += 1;
            }
        }
        sent.join().unwrap().unwrap();
        written
    });
    assert!(0 < written, "nobody else could write before it was stored");
    let version = hub.commit(&id).unwrap();
    assert_eq!(version.file_count, ENTRIES as u64);
}

#[test]
fn what_is_half_stored_is_seen_by_nobody_and_cannot_be_committed() {
    let (store, large) = (Store::new(), Large::new());
    let hub = Hub::open(&store);
    let (id, manifest) = large.begin(&hub);
    thread::scope(|scope| {
        let sent = sending(scope, &hub, &large, &manifest);
        wait_until_half_stored(store.path());
        let (committed, listed) = (
            hub.commit(&id),
            hub.service.entries(&id, &[], &ListQuery::default()),
        );
        assert!(is_half_stored(store.path()), "this came too late");
        assert!(committed.is_err(), "{committed:?}");
        assert!(listed.is_err(), "{listed:?}");
        sent.join().unwrap().unwrap();
    });
    assert_eq!(hub.commit(&id).unwrap().file_count, ENTRIES as u64);
}

#[test]
fn a_file_that_comes_meanwhile_is_not_passed_over() {
    let (store, large) = (Store::new(), Large::new());
    let hub = Hub::open(&store);
    let (id, manifest) = large.begin(&hub);
    thread::scope(|scope| {
        let sent = sending(scope, &hub, &large, &manifest);
        wait_until_half_stored(store.path());
        let file = &[("000/000000.bin-more", "more")];
        block_on(hub.send_files(&id, &manifest, file));
        let refused = sent.join().unwrap().unwrap_err();
        let text = format!("{refused:?}");
        assert!(text.contains("has to be sent again"), "{text}");
    });
    assert!(hub.commit(&id).is_err(), "there is no manifest that counts");
    // Over what the first one has left.
    block_on(large.send(&hub, &manifest)).unwrap();
    assert_eq!(hub.commit(&id).unwrap().file_count, ENTRIES as u64);
    let entries = number(store.path(), "SELECT count(*) FROM entry");
    assert_eq!(entries, i64::try_from(ENTRIES).unwrap());
}

#[test]
fn a_manifest_that_is_sent_twice_at_once_is_stored_once() {
    let (store, large) = (Store::new(), Large::new());
    let hub = Hub::open(&store);
    let (id, manifest) = large.begin(&hub);
    thread::scope(|scope| {
        let sent = [(); 2].map(|()| sending(scope, &hub, &large, &manifest));
        for sent in sent {
            sent.join().unwrap().unwrap();
        }
    });
    assert_eq!(hub.commit(&id).unwrap().file_count, ENTRIES as u64);
}

#[test]
fn a_large_manifest_in_any_order_is_the_same_manifest() {
    let store = Store::new();
    // 7919 is prime to the number of entries.
    let large = Large::in_order((0..ENTRIES).map(|place| place * 7919 % ENTRIES));
    let hub = Hub::open(&store);
    let (id, manifest) = large.begin(&hub);
    block_on(large.send(&hub, &manifest)).unwrap();
    assert_eq!(hub.commit(&id).unwrap().file_count, ENTRIES as u64);

    let twice = Large::in_order((0..ENTRIES).chain([17]));
    let mut request = twice.request(&hub);
    request.artifact.name = "twice".parse().unwrap();
    let created = hub.create(&request);
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    let refused = block_on(twice.send(&hub, &manifest)).unwrap_err();
    let text = format!("{refused:?}");
    assert!(text.contains("000/000017.bin twice"), "{text}");
    assert!(hub.commit(&created.id).is_err());
}

/// Sends a large manifest as a remote client; run by the process that is killed.
pub(crate) async fn send_large_manifest(folder: &Path) {
    let large = Large::new();
    let hub = Hub::at(folder);
    let (_, manifest) = large.begin(&hub);
    large.send(&hub, &manifest).await.unwrap();
}

#[test]
fn a_server_killed_half_way_loses_nothing_and_is_sent_the_manifest_again() {
    let (store, large) = (Store::new(), Large::new());
    let hub = Hub::open(&store);
    let before = block_on(hub.log("before", &[("a", "committed")]));
    drop(hub);
    let server = Child::run("send-large-manifest", store.path());
    wait_until_half_stored(store.path());
    server.kill();
    assert!(is_half_stored(store.path()), "it was killed too late");

    let hub = Hub::open(&store);
    let contents = block_on(hub.contents(&before.id));
    assert_eq!(contents["a"], "committed");
    let (id, manifest) = large.begin(&hub);
    assert!(hub.commit(&id).is_err(), "it has no manifest");
    block_on(large.send(&hub, &manifest)).unwrap();
    let version = hub.commit(&id).unwrap();
    assert_eq!(version.file_count, ENTRIES as u64);
    let entries = number(store.path(), "SELECT count(*) FROM entry");
    assert_eq!(
        entries,
        i64::try_from(ENTRIES + 1).unwrap(),
        "each entry once, and that of the version before"
    );
}
