//! Signed URLs: they authorize their holder, only for what they were signed for, and point at the right host.

use std::time::Duration;

use artifact_server::ServerOptions;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, digest, json_response, message};
use crate::raw::{self, RawResponse, basic};
use crate::server::{TestServer, key_of, log_text};

const FILES: &[(&str, &[u8])] = &[("a.txt", b"content")];

fn parts(url: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = url.split_once('?').unwrap();
    let query = query.split('&').map(|part| {
        let (name, value) = part.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    (path.to_owned(), query.collect())
}

/// Returns the URL with another value for a field of its query.
fn altered(url: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let (path, query) = parts(url);
    let query = query.iter().map(|(field, value)| {
        let value = if field == name {
            change(value)
        } else {
            value.clone()
        };
        format!("{field}={value}")
    });
    format!("{path}?{}", query.collect::<Vec<_>>().join("&"))
}

fn signature(url: &str) -> String {
    let (_, query) = parts(url);
    query
        .into_iter()
        .find(|(name, _)| name == "signature")
        .unwrap()
        .1
}

async fn assert_refused(client: &Client, method: Method, url: &str) {
    let request = client.plain(method.clone(), url).body("content");
    let (status, body) = json_response(request).await;
    assert_eq!(status, 403, "{method} {url}: {body}");
    if method != Method::HEAD {
        let message = message(&body);
        assert!(
            message.contains("not given out") || message.contains("expired"),
            "{message}"
        );
        let signature = signature(url);
        assert!(
            signature.is_empty() || !body.to_string().contains(&signature),
            "{body}"
        );
    }
}

#[tokio::test]
async fn altered_urls_are_refused_and_store_nothing() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(FILES)).await;
    let upload = ann.upload_url(&pending, "a.txt", b"content").await;
    let flipped = |value: &str| {
        let first = if value.starts_with('A') { "B" } else { "A" };
        format!("{first}{}", &value[1..])
    };
    let other_path = |value: &str| {
        let ticket = String::from_utf8(BASE64.decode(value).unwrap()).unwrap();
        BASE64.encode(ticket.replace("a.txt", "b.txt"))
    };
    for url in [
        altered(&upload, "signature", flipped),
        altered(&upload, "signature", |_| String::new()),
        altered(&upload, "signature", |value| value[..10].to_owned()),
        altered(&upload, "signature", |value| format!("{value}AAAA")),
        altered(&upload, "expires", |_| "99999999999".to_owned()),
        altered(&upload, "expires", |_| "-1".to_owned()),
        altered(&upload, "expires", |_| "18446744073709551616".to_owned()),
        altered(&upload, "ticket", other_path),
        altered(&upload, "ticket", |_| "!".to_owned()),
        format!("{upload}&expires=99999999999"),
        format!("{upload}&signature={}", signature(&upload)),
    ] {
        assert_refused(&ann, Method::PUT, &url).await;
    }
    let blobs = server.folder().join("store/blobs/sha256");
    assert_eq!(std::fs::read_dir(blobs).unwrap().count(), 0);
    ann.put_ok(&upload, b"content").await;
}

#[tokio::test]
async fn download_url_does_not_upload_and_vice_versa() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", FILES).await;
    let download = ann.download_url(&id).await;
    let pending = ann.begin("more", &digest(FILES)).await;
    let upload = ann.upload_url(&pending, "a.txt", b"content").await;
    let (_, query) = download.split_once('?').unwrap();
    let swapped = format!("{}/storage/upload?{query}", server.url());
    assert_refused(&ann, Method::PUT, &swapped).await;
    let swapped = upload.replace("/storage/upload", "/storage/a.txt");
    assert_refused(&ann, Method::GET, &swapped).await;
    assert_refused(&ann, Method::HEAD, &swapped).await;
}

#[tokio::test]
async fn signed_url_serves_its_content_under_any_path() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", FILES).await;
    ann.log("other", &[("b.txt", b"other")]).await;
    let (_, query) = parts(&ann.download_url(&id).await);
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!("{}/storage/other/b.html?{}", server.url(), query.join("&"));
    // Without a key.
    let response = server
        .anonymous()
        .plain(Method::GET, &url)
        .send()
        .await
        .unwrap();
    // An uploaded page must not act as one of this server.
    assert_eq!(response.headers()["Content-Security-Policy"], "sandbox");
    assert_eq!(response.headers()["X-Content-Type-Options"], "nosniff");
    assert_eq!(response.bytes().await.unwrap(), "content");
}

#[tokio::test]
async fn urls_expire() {
    let options = ServerOptions::default().url_lifetime(Duration::ZERO);
    let server = TestServer::start_with(options);
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(FILES)).await;
    let upload = ann.upload_url(&pending, "a.txt", b"content").await;
    // A URL is good until the end of its second.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (status, body) = ann.put(&upload, "content").await;
    assert_eq!(status, 403);
    assert!(message(&body).contains("expired"), "{body}");
}

#[tokio::test]
async fn signatures_and_keys_are_not_logged() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", FILES).await;
    let download = ann.download_url(&id).await;
    let pending = ann.begin("more", &digest(&[("b", b"more")])).await;
    let upload = ann.upload_url(&pending, "b", b"more").await;
    for url in [&download, &upload] {
        let (status, _) = json_response(ann.plain(Method::PATCH, url)).await;
        assert_eq!(status, 405);
    }
    ann.put(&upload, "wrong").await;
    ann.put_ok(&upload, b"more").await;
    ann.plain(Method::GET, &download).send().await.unwrap();
    let log = log_text();
    assert!(log.contains("/storage/upload"), "requests are logged");
    for secret in [
        signature(&download),
        signature(&upload),
        crate::server::key_of("ann"),
    ] {
        assert!(!log.contains(&secret));
    }
}

fn post_as(server: &TestServer, host: &str, target: &str, body: &Value) -> RawResponse {
    let key = basic(&key_of("ann"));
    let headers = [
        ("Authorization", key.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = body.to_string();
    let request = raw::request("POST", target, host, &headers, body.len(), body.as_bytes());
    raw::exchange(server.address(), &request)
}

fn first_url(response: &RawResponse) -> String {
    let data: Value = serde_json::from_slice(&response.body).unwrap();
    let node = &data["data"]["createArtifactFiles"]["files"]["edges"][0]["node"];
    node["uploadUrl"]
        .as_str()
        .unwrap_or_else(|| panic!("{data}"))
        .to_owned()
}

async fn files_request(server: &TestServer) -> Value {
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(FILES)).await;
    let variables = crate::client::files_variables(&pending, FILES);
    json!({ "query": crate::client::FILES, "variables": variables })
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_use_the_host_of_the_request() {
    let server = TestServer::start();
    let request = files_request(&server).await;
    for host in [
        "localhost:8080",
        "wandb.example.com",
        "[::1]:80",
        "a-b_c.internal",
    ] {
        let url = first_url(&post_as(&server, host, "/graphql", &request));
        assert!(
            url.starts_with(&format!("http://{host}/storage/upload?")),
            "{url}"
        );
    }
    // The target of a request may name the host itself, and then counts.
    let url = first_url(&post_as(
        &server,
        "ignored",
        "http://named:1/graphql",
        &request,
    ));
    assert!(url.starts_with("http://named:1/storage/"), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_hosts_are_refused() {
    let server = TestServer::start();
    let request = files_request(&server).await;
    for host in [
        "",
        "evil.example/path",
        "user:password@evil.example",
        "a b",
        "x?y",
        "x#y",
        "x\\y",
        "\"x\"",
        "<script>",
        "x:notaport",
        "x:99999",
        "[::1",
    ] {
        let response = post_as(&server, host, "/graphql", &request);
        assert_eq!(response.status, 400, "{host}: {}", response.text());
        if !response.body.is_empty() {
            assert!(response.message().contains("Host"), "{}", response.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_public_url_the_host_does_not_matter() {
    let options = ServerOptions::default().public_url("https://wandb.example.com/base/");
    let server = TestServer::start_with(options);
    let request = files_request(&server).await;
    for host in ["localhost", "evil.example"] {
        let url = first_url(&post_as(&server, host, "/graphql", &request));
        assert!(
            url.starts_with("https://wandb.example.com/base/storage/upload?"),
            "{url}"
        );
    }
}
