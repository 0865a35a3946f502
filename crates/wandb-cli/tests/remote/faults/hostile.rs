//! Manifests that somebody made to do harm. The server that passes them on vouches for nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use artifact_core::ContentDigest;
use artifact_flows::FetchOptions;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::message::Message;
use super::proxy::{Action, Asked, Proxy};
use super::secrets;
use super::work::{Work, files};
use crate::server::{TestServer, options};

/// Logs an artifact, serves `manifest` in place of its own, and returns what a fetch comes to.
///
/// The version says what digest the entries have, so the answers about it are changed to fit.
async fn fetched(server: &TestServer, name: &str, manifest: impl Into<Vec<u8>>) -> (Work, String) {
    fetched_with(&FetchOptions::default(), server, name, manifest).await
}

async fn fetched_with(
    how: &FetchOptions,
    server: &TestServer,
    name: &str,
    manifest: impl Into<Vec<u8>>,
) -> (Work, String) {
    let work = Work::new(name);
    let logged = work.log(&work.flow(&server.options())).await.unwrap();
    let true_digest = logged.record.digest.to_string();
    let manifest: Arc<[u8]> = manifest.into().into();
    let digest = entries_digest(&manifest);
    let plan = move |asked: &Asked| match asked.step.as_str() {
        "GET manifest" => Action::Answer(Message::answer(200, &[], &*manifest)),
        "ArtifactMembershipByName" => {
            let (true_digest, digest) = (true_digest.clone(), digest.clone());
            Action::Change(Box::new(move |answer| {
                let text = String::from_utf8_lossy(&answer.body);
                answer.body = text.replace(&true_digest, &digest).into_bytes();
            }))
        }
        _ => Action::Pass,
    };
    let proxy = Proxy::start(server.address(), plan).await;
    let flow = work.flow(&options(&proxy.url()));
    let told = match work.get_with(&flow, how).await {
        Ok(_) => String::new(),
        Err(error) => secrets::told(&error, &proxy),
    };
    (work, told)
}

/// Returns the digest that a version with these entries has, where they can be read.
fn entries_digest(manifest: &[u8]) -> String {
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let mut text = "wandb-artifact-manifest-v1\n".to_owned();
    for (path, entry) in manifest["contents"].as_object().into_iter().flatten() {
        _ = writeln!(text, "{path}:{}", entry["digest"].as_str().unwrap());
    }
    let digest: [u8; 16] = Md5::digest(text.as_bytes()).into();
    digest.iter().fold(String::new(), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn manifest(contents: &Value) -> String {
    json!({
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": contents,
    })
    .to_string()
}

fn digest(content: &[u8]) -> String {
    ContentDigest::Md5(Md5::digest(content).into()).to_string()
}

/// Checks that a fetch was refused for `reason`, and left nothing anywhere.
fn check_refused((work, told): &(Work, String), reason: &str) {
    assert!(told.contains(reason), "{reason} is not in: {told}");
    assert!(files(&work.target()).is_empty(), "{told}");
    let beside = std::fs::read_dir(work.folder.path()).unwrap();
    let beside = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in beside {
        let known = ["files", "target", "stat-cache", "journal"];
        assert!(known.contains(&name.as_str()), "{name} was written: {told}");
    }
}

#[tokio::test]
async fn paths_that_leave_the_folder_are_refused() {
    let server = TestServer::start();
    let paths = [
        "../x",
        "a/../../x",
        "/tmp/wandb-rs-must-not-write-this",
        "a/..",
        "",
        "..\\x",
        "C:\\x",
        "a\u{0}b",
    ];
    for (number, path) in paths.into_iter().enumerate() {
        let contents = json!({path: {"digest": digest(b"x"), "size": 1}});
        let refused = fetched(&server, &format!("path-{number}"), manifest(&contents)).await;
        check_refused(&refused, "invalid path in an artifact");
        assert!(!Path::new("/tmp/wandb-rs-must-not-write-this").exists());
    }
}

#[tokio::test]
async fn one_path_twice_is_refused() {
    let server = TestServer::start();
    let entry = json!({"digest": digest(b"x"), "size": 1}).to_string();
    let twice = manifest(&json!({})).replace(
        r#""contents":{}"#,
        &format!(r#""contents":{{"a.txt":{entry},"a.txt":{entry}}}"#),
    );
    check_refused(&fetched(&server, "twice", twice).await, "a.txt");
    let nested = manifest(&json!({
        "a": {"digest": digest(b"x"), "size": 1},
        "a/b": {"digest": digest(b"y"), "size": 1},
    }));
    check_refused(&fetched(&server, "nested", nested).await, "a");
}

#[tokio::test]
async fn manifests_that_are_too_much_are_refused() {
    let server = TestServer::start();
    let deep = vec![b'['; 100 << 20];
    check_refused(
        &fetched(&server, "deep", deep).await,
        "nesting exceeds the limit",
    );
    let long = "x".repeat(10 << 20);
    let contents = json!({"a.txt": {"digest": digest(b"x"), "size": 1, "extra": {"x": long}}});
    let refused = fetched(&server, "long", manifest(&contents)).await;
    check_refused(&refused, "string exceeds the limit");
}

/// A writer to a registry must not learn the content of its readers' disks, or copy it to where others see it.
#[tokio::test]
async fn a_reference_to_a_file_of_this_machine_is_not_followed() {
    let server = TestServer::start();
    let private = tempfile::tempdir().unwrap();
    let file = private.path().join("secret.txt");
    std::fs::write(&file, "private").unwrap();
    let uri = format!("file://{}", file.display());
    // With the digest of its content, and where the digest is only the URI, which checks nothing.
    for (name, digest) in [("known", digest(b"private")), ("unknown", uri.clone())] {
        let contents = json!({"a.txt": {"digest": digest, "size": 7, "ref": uri}});
        let refused = fetched(&server, &format!("local-{name}"), manifest(&contents)).await;
        check_refused(&refused, "a file of this machine");
    }
    let contents = json!({"a.txt": {"digest": "x", "size": 0, "ref": "file:///etc/passwd"}});
    let refused = fetched(&server, "passwd", manifest(&contents)).await;
    check_refused(&refused, "a file of this machine");
}

#[tokio::test]
async fn a_reference_to_a_file_of_this_machine_is_followed_where_that_is_allowed() {
    let server = TestServer::start();
    let mine = tempfile::tempdir().unwrap();
    let file = mine.path().join("data.txt");
    std::fs::write(&file, "mine").unwrap();
    let uri = format!("file://{}", file.display());
    let contents = json!({"a.txt": {"digest": digest(b"mine"), "size": 4, "ref": uri}});
    let how = FetchOptions {
        allow_local_references: true,
        ..FetchOptions::default()
    };
    let (work, told) = fetched_with(&how, &server, "allowed", manifest(&contents)).await;
    assert_eq!(told, "");
    assert_eq!(files(&work.target())["a.txt"], b"mine");
}
