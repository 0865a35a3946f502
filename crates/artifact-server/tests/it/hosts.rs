//! URLs lead to where the client can reach the server, and a client cannot make them lead elsewhere.

use artifact_server::ServerOptions;
use serde_json::{Value, json};

use crate::client::digest;
use crate::raw::{self, Answer, basic};
use crate::server::{TestServer, key_of};

const FILES: &[(&str, &[u8])] = &[("a.txt", b"content")];

fn ask_as(server: &TestServer, host: &str, target: &str, body: &Value) -> Answer {
    let key = basic(&key_of("ann"));
    let headers = [
        ("Authorization", key.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = body.to_string();
    let request = raw::request("POST", target, host, &headers, body.len(), body.as_bytes());
    raw::exchange(server.address(), &request)
}

fn first_url(answer: &Answer) -> String {
    let data: Value = serde_json::from_slice(&answer.body).unwrap();
    let node = &data["data"]["createArtifactFiles"]["files"]["edges"][0]["node"];
    node["uploadUrl"]
        .as_str()
        .unwrap_or_else(|| panic!("{data}"))
        .to_owned()
}

async fn files_question(server: &TestServer) -> Value {
    let ann = server.user("ann");
    let pending = ann.begin("data", &digest(FILES)).await;
    let variables = crate::client::files_variables(&pending, FILES);
    json!({ "query": crate::client::FILES, "variables": variables })
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_are_under_the_host_that_was_asked() {
    let server = TestServer::start();
    let question = files_question(&server).await;
    for host in [
        "localhost:8080",
        "wandb.example.com",
        "[::1]:80",
        "a-b_c.internal",
    ] {
        let url = first_url(&ask_as(&server, host, "/graphql", &question));
        assert!(
            url.starts_with(&format!("http://{host}/storage/upload?")),
            "{url}"
        );
    }
    // The target of a request may name the host itself, and then counts.
    let url = first_url(&ask_as(
        &server,
        "ignored",
        "http://named:1/graphql",
        &question,
    ));
    assert!(url.starts_with("http://named:1/storage/"), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_none_is_refused() {
    let server = TestServer::start();
    let question = files_question(&server).await;
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
        let answer = ask_as(&server, host, "/graphql", &question);
        assert_eq!(answer.status, 400, "{host}: {}", answer.text());
        if !answer.body.is_empty() {
            assert!(answer.message().contains("Host"), "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_public_url_the_host_does_not_matter() {
    let options = ServerOptions::default().public_url("https://wandb.example.com/base/");
    let server = TestServer::start_with(options);
    let question = files_question(&server).await;
    for host in ["localhost", "evil.example"] {
        let url = first_url(&ask_as(&server, host, "/graphql", &question));
        assert!(
            url.starts_with("https://wandb.example.com/base/storage/upload?"),
            "{url}"
        );
    }
}
