//! A version of very many entries.

use std::fmt::Write as _;

use base64::Engine as _;
use bytes::Bytes;
use futures::stream;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::client::digest_of;
use crate::server::TestServer;

/// In the dev profile a million take longer than a test should.
const ENTRIES: usize = 200_000;

fn path(n: usize) -> String {
    format!("dir{}/file{n:07}.bin", n % 1_000)
}

/// The manifest in pieces: references only, so that nothing else has to be sent.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_of_very_many_entries_is_taken_and_listed_by_the_page() {
    let count = ENTRIES;
    let server = TestServer::start();
    let ann = server.user("ann");
    let mut entries: Vec<_> = (0..count).map(|n| (path(n), format!("etag{n}"))).collect();
    let entries = entries
        .iter_mut()
        .map(|(path, digest)| (path.as_str(), std::mem::take(digest)));
    let digest = digest_of(&mut entries.collect::<Vec<_>>());
    let pending = ann.begin("data", &digest).await;
    let mut hasher = Md5::new();
    pieces(count).for_each(|piece| hasher.update(piece));
    let digest = base64::engine::general_purpose::STANDARD.encode(hasher.finalize());
    let variables = ann.manifest_variables(&pending.id, &digest);
    let data = ann.ask(crate::client::MANIFEST, variables).await;
    let url = data["createArtifactManifest"]["artifactManifest"]["file"]["uploadUrl"]
        .as_str()
        .unwrap();
    let body = stream::iter(pieces(count).map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece))));
    let (status, answer) = ann.put(url, reqwest::Body::wrap_stream(body)).await;
    assert_eq!(status, 200, "{answer}");
    ann.commit(&pending.id).await;

    let query = "query($id: ID!, $after: String) { artifact(id: $id) { fileCount files(first: 5000, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } edges { node { displayName directUrl } } } } }";
    let mut after = Value::Null;
    let mut seen = 0;
    for page in 1..4 {
        let data = ann
            .ask(query, json!({ "id": pending.id, "after": after }))
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
