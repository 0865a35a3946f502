//! Versions with hundreds of thousands of entries.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use artifact_server::ServerOptions;
use base64::Engine as _;
use bytes::Bytes;
use futures::stream;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, digest_of};
use crate::server::TestServer;

/// Fewer than a million, because of the dev profile.
const ENTRIES: usize = 200_000;

fn path(n: usize) -> String {
    format!("dir{}/file{n:07}.bin", n % 1_000)
}

/// Returns the manifest in chunks. All entries are references, so no content has to be uploaded.
fn pieces(count: usize) -> impl Iterator<Item = String> {
    let head = r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"},"contents":{"#;
    let body = (0..count).step_by(1_000).map(move |from| {
        let mut piece = String::new();
        for n in from..count.min(from + 1_000) {
            let comma = if n == 0 { "" } else { "," };
            let _ = write!(
                piece,
                r#"{comma}"{}":{{"digest":"etag{n}","ref":"s3://bucket/key/{n}","size":{n}}}"#,
                path(n)
            );
        }
        piece
    });
    std::iter::once(head.to_owned())
        .chain(body)
        .chain(std::iter::once("}}".to_owned()))
}

/// Creates a version with `count` entries; returns its ID and the upload URL of its manifest.
async fn begin(client: &Client, name: &str, count: usize) -> (String, String) {
    let mut entries: Vec<_> = (0..count).map(|n| (path(n), format!("etag{n}"))).collect();
    let entries = entries
        .iter_mut()
        .map(|(path, digest)| (path.as_str(), std::mem::take(digest)));
    let digest = digest_of(&mut entries.collect::<Vec<_>>());
    let pending = client.begin(name, &digest).await;
    let mut hasher = Md5::new();
    pieces(count).for_each(|piece| hasher.update(piece));
    let digest = base64::engine::general_purpose::STANDARD.encode(hasher.finalize());
    let variables = client.manifest_variables(&pending.id, &digest);
    let data = client.execute(crate::client::MANIFEST, variables).await;
    let url = data["createArtifactManifest"]["artifactManifest"]["file"]["uploadUrl"].as_str();
    (pending.id, url.unwrap().to_owned())
}

async fn send(client: &Client, url: &str, count: usize) {
    let body = stream::iter(pieces(count).map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece))));
    let (status, response) = client.put(url, reqwest::Body::wrap_stream(body)).await;
    assert_eq!(status, 200, "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_large_manifests_hold_no_threads() {
    const COUNT: usize = 40_000;
    const VERSIONS: usize = 6;
    // If each held one, other requests would have none until the first manifest was stored.
    const THREADS: usize = 3;

    let server = TestServer::start_on(ServerOptions::default(), THREADS);
    let ann = server.user("ann");
    let (_, url) = begin(&ann, "alone", COUNT).await;
    let began = Instant::now();
    send(&ann, &url, COUNT).await;
    let alone = began.elapsed();

    let mut sending = JoinSet::new();
    for number in 0..VERSIONS {
        let (_, url) = begin(&ann, &format!("data{number}"), COUNT).await;
        let ann = ann.clone();
        sending.spawn(async move { send(&ann, &url, COUNT).await });
    }
    let mut longest = Duration::ZERO;
    while !sending.is_empty() {
        let began = Instant::now();
        ann.execute("{ viewer { username } }", json!({})).await;
        longest = longest.max(began.elapsed());
        while let Some(sent) = sending.try_join_next() {
            sent.unwrap();
        }
    }
    assert!(longest < alone, "{longest:?}, and one alone took {alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn manifest_of_many_entries_is_accepted_and_listed_in_pages() {
    let count = ENTRIES;
    let server = TestServer::start();
    let ann = server.user("ann");
    let (id, url) = begin(&ann, "data", count).await;
    send(&ann, &url, count).await;
    ann.commit(&id).await;

    let query = "query($id: ID!, $after: String) { artifact(id: $id) { fileCount files(first: 5000, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } edges { node { displayName directUrl } } } } }";
    let mut after = Value::Null;
    let mut seen = 0;
    for page in 1..4 {
        let data = ann
            .execute(query, json!({ "id": id, "after": after }))
            .await;
        assert_eq!(data["artifact"]["fileCount"], count);
        let files = &data["artifact"]["files"];
        assert_eq!(files["totalCount"], count);
        let edges = files["edges"].as_array().unwrap();
        seen += edges.len();
        assert_eq!(seen, 5_000 * page);
        assert!(
            edges[0]["node"]["directUrl"]
                .as_str()
                .unwrap()
                .starts_with("s3://bucket/key/")
        );
        assert_eq!(files["pageInfo"]["hasNextPage"], true);
        after = files["pageInfo"]["endCursor"].clone();
    }
}
