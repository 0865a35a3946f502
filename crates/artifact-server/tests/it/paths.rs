//! Names and paths that try to leave the store.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, digest, files_variables, json_response, manifest_with, md5, message};
use crate::client::{FILES, UPSERT};
use crate::raw::{self, basic};
use crate::server::{TestServer, key_of};

/// File names that try to leave their folder.
const LEAVING: [&str; 14] = [
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//server/share",
    "C:\\x",
    "C:/x",
    "a\\..\\x",
    "a\0b",
    "a//b/../../../c",
    "../store/store.db",
];

async fn refused(client: &Client, query: &str, variables: Value, name: &str) {
    let (status, response) = client.graphql(query, variables).await;
    assert!(matches!(status.as_u16(), 200 | 400), "{name:?}: {status}");
    assert_eq!(response["data"], Value::Null, "{name:?}: {response}");
    assert!(!message(&response).is_empty());
}

#[tokio::test]
async fn names_of_run_files_stay_in_their_run() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    let query = "mutation($files: [String!]!) { createRunFiles(input: { entityName: \"ann\", projectName: \"vision\",
        runName: \"run1\", files: $files }) { files { uploadUrl } } }";
    for name in LEAVING {
        refused(&ann, query, json!({ "files": ["fine.txt", name] }), name).await;
    }
    let data = ann
        .execute(query, json!({ "files": ["media/a..b/..c.png"] }))
        .await;
    let url = data["createRunFiles"]["files"][0]["uploadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    ann.put_ok(&url, b"picture").await;
    let file = ann.request(Method::GET, "/files/ann/vision/run1/media/a..b/..c.png");
    assert_eq!(file.send().await.unwrap().bytes().await.unwrap(), "picture");
}

#[tokio::test]
async fn names_of_entries_stay_in_their_version() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(&[("x", b"x")])).await;
    for name in LEAVING {
        refused(
            &ann,
            FILES,
            files_variables(&pending, &[(name, b"x")]),
            name,
        )
        .await;
        let entry = json!({ name: { "digest": "https://x/", "ref": "https://x/", "size": 1 } });
        let bytes = manifest_with(&entry);
        let url = ann.manifest_url(&pending, &bytes).await;
        let (status, response) = ann.put(&url, bytes).await;
        assert_eq!(status, 400, "{name:?}: {response}");
    }
}

#[tokio::test]
async fn names_of_projects_and_runs_are_validated() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    for name in ["..", "../x", "a/b", "a\\b", "a\0b", "a?b", "a#b", "a%b"] {
        let variables = json!({ "name": "run1", "project": name, "entity": "ann" });
        refused(&ann, UPSERT, variables, name).await;
        let variables = json!({ "name": name, "project": "vision", "entity": "ann" });
        let (status, response) = ann.graphql(UPSERT, variables).await;
        if response["errors"] == Value::Null {
            // The official client has fewer rules for the ids of runs than for the names of projects.
            assert!(
                matches!(name, "a\\b" | "a%b"),
                "{name:?}: {status} {response}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn url_paths_cannot_escape() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    let id = ann.log("data", &[("a.txt", b"secret")]).await;
    let (_, query) = {
        let url = ann.download_url(&id).await;
        let (path, query) = url.split_once('?').unwrap();
        (path.to_owned(), query.to_owned())
    };
    let key = basic(&key_of("ann"));
    for path in [
        "/files/ann/vision/run1/../../../../etc/passwd",
        "/files/ann/vision/run1/%2e%2e/%2e%2e/store.db",
        "/files/ann/vision/run1/..%2f..%2fstore.db",
        "/files/ann/vision/run1/..%5c..%5cstore.db",
        "/files/ann/vision/run1/%00",
        "/files/ann/vision/run1//etc/passwd",
        "/files/ann/vision/%2e%2e/x",
        "/files/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/files/ann/vision/a%2fb/x",
        "/files/ann/vision/run1/%ff%fe",
        "/files/%ff/vision/run1/file_stream",
        "/artifactsV2/../../etc/passwd",
        "/artifactsV2/default/ann/vision/data/..%2f..%2f//00/a.txt",
        "/artifactsV2/default/ann/vision/data/%ff//00/a.txt",
        "/artifactsV2/%00",
        "/storage/../../etc/passwd",
        "/storage/..%2f..%2fstore.db",
        "/storage/%ff",
        "/../../../etc/passwd",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/store/store.db",
    ] {
        for headers in [vec![], vec![("Authorization", key.as_str())]] {
            let request = raw::request("GET", path, server.address(), &headers, 0, b"");
            let response = raw::exchange(server.address(), &request);
            assert!(
                (400..500).contains(&response.status),
                "{path}: {}",
                response.status
            );
            assert!(!response.message().is_empty(), "{path}");
        }
    }
    // With a good signature the path means nothing.
    let path = format!("/storage/../../../etc/passwd?{query}");
    let request = raw::request("GET", &path, server.address(), &[], 0, b"");
    assert_eq!(raw::exchange(server.address(), &request).text(), "secret");
}

#[tokio::test]
async fn hostile_manifests_are_refused_with_a_reason() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(&[("x", b"x")])).await;
    let whole = |contents: &str| {
        format!(
            r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{{}},"contents":{contents}}}"#
        )
    };
    let entry = r#"{"digest":"https://x/","ref":"https://x/","size":1}"#;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (what, text, says) in [
        ("not JSON", "hello".to_owned(), ""),
        ("empty", String::new(), ""),
        ("cut off", whole("{")[..80].to_owned(), ""),
        ("deep", whole(&format!(r#"{{"a":{deep}}}"#)), ""),
        (
            "deep extra",
            whole(&format!(
                r#"{{"a":{{"digest":"x","ref":"https://x/","extra":{{"a":{deep}}}}}}}"#
            )),
            "",
        ),
        (
            "duplicates",
            whole(&format!(r#"{{"a":{entry},"a":{entry}}}"#)),
            "a",
        ),
        ("leaving", whole(&format!(r#"{{"../a":{entry}}}"#)), ""),
        (
            "another version",
            whole("{}").replace("\"version\":1", "\"version\":2"),
            "2",
        ),
        (
            "another policy",
            whole("{}").replace("wandb-storage-policy-v1", "moon"),
            "moon",
        ),
        (
            "negative size",
            whole(r#"{"a":{"digest":"x","ref":"https://x/","size":-1}}"#),
            "",
        ),
        (
            "huge size",
            whole(r#"{"a":{"digest":"x","ref":"https://x/","size":1e300}}"#),
            "",
        ),
        (
            "no digest",
            whole(r#"{"a":{"ref":"https://x/","size":1}}"#),
            "digest",
        ),
        (
            "content that was never sent",
            whole(&format!(r#"{{"a":{{"digest":"{}","size":1}}}}"#, md5(b"a"))),
            "a",
        ),
    ] {
        let url = ann.manifest_url(&pending, text.as_bytes()).await;
        let (status, response) = ann.put(&url, text).await;
        assert_eq!(status, 400, "{what}: {response}");
        let message = message(&response);
        assert!(
            message.contains(says) && message.len() < 1_000,
            "{what}: {message}"
        );
    }
    let (status, _) = json_response(ann.request(Method::GET, "/healthz")).await;
    assert_eq!(status, 200);
}
