//! Uploads: which are accepted, and how others are refused.

use std::fs;
use std::path::PathBuf;

use futures::stream;
use serde_json::json;

use crate::client::{digest, manifest, md5, message};
use crate::raw::{self, RawResponse};
use crate::server::TestServer;

const CONTENT: &[u8] = b"0123456789";

fn request(server: &TestServer, url: &str, declared: usize, body: &[u8]) -> Vec<u8> {
    let target = url.strip_prefix(&server.url()).unwrap();
    raw::request("PUT", target, server.address(), &[], declared, body)
}

fn put_raw(server: &TestServer, url: &str, body: &[u8]) -> RawResponse {
    raw::exchange(server.address(), &request(server, url, body.len(), body))
}

/// Returns the files with stored content, and drafts.
fn stored(server: &TestServer) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![
        server.folder().join("store/blobs"),
        server.folder().join("store/tmp"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_another_length_are_refused() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let large = vec![7; 600_000];
    let files: &[(&str, &[u8])] = &[("a", CONTENT), ("large", &large)];
    let pending = ann.begin("data", &digest(files)).await;
    for (name, content) in files {
        let url = ann.upload_url(&pending, name, content).await;
        // Cut off on its way.
        let short = request(&server, &url, content.len(), &content[..content.len() - 1]);
        if let Some(response) = raw::exchange_cut_off(server.address(), &short) {
            assert!(matches!(response.status, 400 | 408), "{}", response.text());
        }
        // Shorter than what was announced, and said to be.
        let response = put_raw(&server, &url, &content[..5]);
        assert_eq!(response.status, 400, "{}", response.text());
        assert!(
            response.message().contains("announced"),
            "{}",
            response.message()
        );
        // Longer.
        let mut longer = content.to_vec();
        longer.push(0);
        let response = put_raw(&server, &url, &longer);
        assert_eq!(response.status, 400, "{}", response.text());
        // Nothing.
        let response = put_raw(&server, &url, b"");
        assert_eq!(response.status, 400, "{}", response.text());
    }
    assert_eq!(stored(&server), Vec::<PathBuf>::new());
    for (name, content) in files {
        let url = ann.upload_url(&pending, name, content).await;
        ann.put_ok(&url, content).await;
    }
}

#[tokio::test]
async fn content_with_another_digest_is_refused() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(&[("a", CONTENT)])).await;
    let url = ann.upload_url(&pending, "a", CONTENT).await;
    let (status, response) = ann.put(&url, "9876543210").await;
    assert_eq!(status, 400);
    assert!(
        message(&response).contains("not the content that was announced"),
        "{response}"
    );
    assert_eq!(stored(&server), Vec::<PathBuf>::new());
    let bytes = manifest(&pending.id, &[("a", CONTENT)]);
    ann.put_ok(&url, CONTENT).await;
    let url = ann.manifest_url(&pending, &bytes).await;
    let (status, _) = ann.put(&url, "{}").await;
    assert_eq!(status, 400);
    ann.put_ok(&url, &bytes).await;
    ann.commit(&pending.id).await;
}

#[tokio::test]
async fn empty_files_are_stored() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", &[("empty", b"")]).await;
    let query = "query($id: ID!) { artifact(id: $id) { state size fileCount } }";
    let data = ann.execute(query, json!({ "id": id })).await;
    assert_eq!(
        data["artifact"],
        json!({ "state": "COMMITTED", "size": 0, "fileCount": 1 })
    );
}

#[tokio::test]
async fn uploads_may_be_repeated_before_and_after_the_commit() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let files: &[(&str, &[u8])] = &[("a", CONTENT)];
    let pending = ann.begin("data", &digest(files)).await;
    let url = ann.upload_url(&pending, "a", CONTENT).await;
    ann.put_ok(&url, CONTENT).await;
    ann.put_ok(&url, CONTENT).await;
    let bytes = manifest(&pending.id, files);
    let manifest_url = ann.manifest_url(&pending, &bytes).await;
    ann.put_ok(&manifest_url, &bytes).await;
    ann.put_ok(&url, CONTENT).await;
    ann.put_ok(&manifest_url, &bytes).await;
    ann.commit(&pending.id).await;
    ann.put_ok(&url, CONTENT).await;
    ann.put_ok(&manifest_url, &bytes).await;
    let (status, _) = ann.put(&url, "other").await;
    assert_eq!(status, 400);
    assert_eq!(stored(&server).len(), 2);
}

#[tokio::test]
async fn uploads_for_closed_versions_are_refused() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let files: &[(&str, &[u8])] = &[("a", CONTENT), ("b", b"other")];
    let pending = ann.begin("data", &digest(&files[..1])).await;
    let unused = ann.upload_url(&pending, "b", b"other").await;
    let url = ann.upload_url(&pending, "a", CONTENT).await;
    ann.put_ok(&url, CONTENT).await;
    let bytes = manifest(&pending.id, &files[..1]);
    let manifest_url = ann.manifest_url(&pending, &bytes).await;
    ann.put_ok(&manifest_url, &bytes).await;
    ann.commit(&pending.id).await;
    let (status, response) = ann.put(&unused, "other").await;
    assert_eq!(status, 400);
    assert!(message(&response).contains("not pending"), "{response}");

    let delete = "mutation($id: ID!) { deleteArtifact(input: { artifactID: $id, deleteAliases: true }) \
                  { artifact { id state } } }";
    ann.execute(delete, json!({ "id": pending.id })).await;
    for url in [&url, &manifest_url, &unused] {
        let (status, response) = ann.put(url, CONTENT).await;
        assert_eq!(status, 400, "{response}");
        message(&response);
    }
}

#[tokio::test]
async fn body_without_a_length_is_accepted() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    for (name, content) in [("small", CONTENT), ("large", &large[..]), ("empty", b"")] {
        let files: &[(&str, &[u8])] = &[("a", content)];
        let pending = ann.begin(name, &digest(files)).await;
        let url = ann.upload_url(&pending, "a", content).await;
        let pieces: Vec<_> = content
            .chunks(70_001)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect();
        let body = reqwest::Body::wrap_stream(stream::iter(pieces));
        let response = ann
            .plain(reqwest::Method::PUT, &url)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{name}");
        let etag = response.headers()["ETag"].to_str().unwrap().to_owned();
        assert_eq!(etag.len(), 34, "{etag}");
        let bytes = manifest(&pending.id, files);
        let url = ann.manifest_url(&pending, &bytes).await;
        ann.put_ok(&url, &bytes).await;
        ann.commit(&pending.id).await;
        let url = ann.download_url(&pending.id).await;
        let got = ann.plain(reqwest::Method::GET, &url).send().await.unwrap();
        assert_eq!(md5(&got.bytes().await.unwrap()), md5(content), "{name}");
    }
}

#[tokio::test]
async fn concurrent_uploads_all_count() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let contents: Vec<(String, Vec<u8>)> = (0..64)
        .map(|n| (format!("f{n}"), vec![n; 5_000 * usize::from(n) + 1]))
        .collect();
    let files: Vec<(&str, &[u8])> = contents.iter().map(|(n, c)| (n.as_str(), &c[..])).collect();
    let pending = ann.begin("data", &digest(&files)).await;
    let nodes = ann.files(&pending, &files).await;
    let sends = nodes.iter().zip(&files).map(|(node, (_, content))| {
        let url = node["uploadUrl"].as_str().unwrap().to_owned();
        let ann = ann.clone();
        async move { ann.put_ok(&url, content).await }
    });
    futures::future::join_all(sends).await;
    let bytes = manifest(&pending.id, &files);
    let url = ann.manifest_url(&pending, &bytes).await;
    ann.put_ok(&url, &bytes).await;
    assert_eq!(ann.commit(&pending.id).await["state"], "COMMITTED");
}
