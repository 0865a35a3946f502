//! Routes for operators, and paths that are not part of the protocol.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{json_response, message};
use crate::raw;
use crate::server::TestServer;

/// Returns the value of a metric.
fn value(metrics: &str, line: &str) -> u64 {
    let found = metrics.lines().find_map(|text| text.strip_prefix(line));
    // Counts are written with or without a fraction.
    found.map_or(0, |value| {
        value.trim().trim_end_matches(".0").parse().unwrap()
    })
}

#[tokio::test]
async fn health_needs_no_key() {
    let server = TestServer::start();
    let (status, body) = json_response(server.anonymous().request(Method::GET, "/healthz")).await;
    assert_eq!((status.as_u16(), body), (200, json!({ "status": "ok" })));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_bytes_are_counted() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let queries = r#"wandb_rs_requests_total{method="POST",route="/graphql",status="200"}"#;
    let refused = r#"wandb_rs_requests_total{method="POST",route="/graphql",status="401"}"#;
    let before = server.metrics();
    assert_eq!(value(&before, queries), 0);
    let id = ann.log("data", &[("a.txt", b"0123456789")]).await;
    let url = ann.download_url(&id).await;
    ann.plain(Method::GET, &url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    server
        .anonymous()
        .graphql("{ viewer { id } }", json!({}))
        .await;
    let after = server.metrics();
    assert!(4 < value(&after, queries), "{after}");
    assert_eq!(value(&after, refused), 1);
    assert!(
        10 < value(&after, "wandb_rs_received_bytes_total"),
        "{after}"
    );
    assert_eq!(value(&after, "wandb_rs_sent_bytes_total"), 10);
    let count = r#"wandb_rs_request_seconds_count{route="/graphql"}"#;
    assert_eq!(value(&after, count), value(&after, queries) + 1);
    // This request itself.
    assert_eq!(value(&after, "wandb_rs_requests_in_flight"), 1);
    assert!(after.ends_with("# EOF\n"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnected_clients_are_not_in_flight() {
    let server = TestServer::start();
    for _ in 0..5 {
        let request = raw::request("PUT", "/graphql", "x", &[], 100, b"part");
        let mut stream = raw::connect(server.address());
        std::io::Write::write_all(&mut stream, &request).unwrap();
        drop(stream);
    }
    let ann = server.user("ann");
    let pending = ann
        .begin("data", &crate::client::digest(&[("a", b"abc")]))
        .await;
    let url = ann.upload_url(&pending, "a", b"abc").await;
    for _ in 0..5 {
        let target = url.strip_prefix(&server.url()).unwrap();
        let request = raw::request("PUT", target, "x", &[], 3, b"a");
        let mut stream = raw::connect(server.address());
        std::io::Write::write_all(&mut stream, &request).unwrap();
        drop(stream);
    }
    let mut left = 0;
    for _ in 0..100 {
        left = value(&server.metrics(), "wandb_rs_requests_in_flight");
        if left == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{left} requests are in flight");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_methods_and_paths_share_one_label() {
    let server = TestServer::start();
    for n in 0..50 {
        let request = raw::request(&format!("MADEUP{n}"), &format!("/up{n}"), "x", &[], 0, b"");
        let response = raw::exchange(server.address(), &request);
        assert!(matches!(response.status, 404 | 405));
    }
    let metrics = server.metrics();
    assert!(
        !metrics.contains("MADEUP") && !metrics.contains("/up"),
        "{metrics}"
    );
    let other = r#"wandb_rs_requests_total{method="other",route="none",status="404"}"#;
    assert_eq!(value(&metrics, other), 50);
}

#[tokio::test]
async fn unknown_paths_are_404_as_json() {
    let server = TestServer::start();
    let anonymous = server.anonymous();
    for path in [
        "/",
        "/nothing",
        "/graphql/x",
        "/files",
        "/files/a/b",
        "/oidc",
        "/oidc/token/x",
        "/artifacts",
        "/storage",
    ] {
        for method in [Method::GET, Method::POST] {
            let (status, body) = json_response(anonymous.request(method, path)).await;
            assert_eq!(status, 404, "{path}");
            message(&body);
        }
    }
    let (status, body) = json_response(anonymous.request(Method::DELETE, "/graphql")).await;
    assert_eq!(status, 405);
    message(&body);
}

#[tokio::test]
async fn telemetry_is_absent() {
    let server = TestServer::start();
    for path in ["/sdk/otel/v1/metrics", "/sdk/otel/v1/logs"] {
        let request = server.anonymous().request(Method::POST, path);
        let (status, body): (_, Value) = json_response(request.body("")).await;
        assert!(matches!(status.as_u16(), 404 | 405), "{path}");
        message(&body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_none_are_400_or_dropped() {
    let server = TestServer::start();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    let many = format!(
        "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
        "A: b\r\n".repeat(5_000)
    );
    for request in [
        "hello\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nab",
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00",
        &long,
        &many,
    ] {
        if let Some(response) = raw::exchange_cut_off(server.address(), request.as_bytes()) {
            assert!(
                (400..500).contains(&response.status),
                "{:.60}: {}",
                request,
                response.head
            );
        }
    }
    // A request within the body of another is not one.
    let inner = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    let outer = format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
        inner.len()
    );
    let response = raw::exchange_cut_off(server.address(), outer.as_bytes());
    if let Some(response) = response {
        assert!(
            !response.text().contains("wandb_rs_"),
            "{}",
            response.text()
        );
    }
}

#[tokio::test]
async fn identity_tokens_are_refused_without_retries() {
    let server = TestServer::start();
    let request = server
        .anonymous()
        .request(Method::POST, "/oidc/token")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c");
    let (status, body) = json_response(request).await;
    // Clients try again where the status is 429 or of the server's.
    assert_eq!(status, 400);
    assert_eq!(body["error"], "unsupported_grant_type");
    let text = body["error_description"].as_str().unwrap();
    assert!(text.contains("API keys"), "{text}");
}
