//! The file stream of a run, and the state that a client reads to resume a run.

use std::io::Write as _;

use artifact_store::service::Caller;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{CREATE, Client, UPSERT, digest, json_response, message};
use crate::server::TestServer;

const STREAM: &str = "/files/ann/vision/run1/file_stream";

async fn send(client: &Client, path: &str, body: Value) -> (u16, Value) {
    let request = client
        .request(Method::POST, path)
        .header("Content-Type", "application/json");
    let (status, response) = json_response(request.body(body.to_string())).await;
    (status.as_u16(), response)
}

async fn say(client: &Client, body: Value) {
    assert_eq!(send(client, STREAM, body).await, (200, json!({})));
}

fn lines(file: &str, offset: u64, lines: &[&str]) -> Value {
    json!({ "files": { file: { "offset": offset, "content": lines } } })
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn console(client: &Client) -> Value {
    let query = "{ project(name: \"vision\") { run(name: \"run1\") { state logLineCount logLines(first: 100) {
        edges { node { number line } } } } } }";
    client.execute(query, json!({})).await["project"]["run"].clone()
}

#[tokio::test]
async fn compressed_messages_are_accepted() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    let body = gzip(lines("output.log", 0, &["a", "b"]).to_string().as_bytes());
    let send = |body: Vec<u8>| {
        let request = ann
            .request(Method::POST, STREAM)
            .header("Content-Type", "application/json");
        json_response(request.header("Content-Encoding", "gzip").body(body))
    };
    let (status, _) = send(body.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(console(&ann).await["logLineCount"], 2);
    for broken in [
        b"no gzip".to_vec(),
        body[..body.len() / 2].to_vec(),
        Vec::new(),
    ] {
        let (status, response) = send(broken).await;
        assert!(status.is_client_error(), "{status} {response}");
        message(&response);
    }
    // A few KiB that would become a GiB.
    let (status, response) = send(gzip(&vec![b' '; 200 << 20])).await;
    assert_eq!(status, 413);
    message(&response);
}

#[tokio::test]
async fn offsets_may_leave_gaps_and_go_back() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    say(&ann, lines("output.log", 0, &["a", "b"])).await;
    say(&ann, lines("output.log", 5, &["f"])).await;
    say(&ann, lines("output.log", 1, &["B", "c"])).await;
    let run = console(&ann).await;
    let edges = run["logLines"]["edges"].as_array().unwrap();
    let line = |edge: &Value| {
        let node = &edge["node"];
        (
            node["number"].as_i64().unwrap(),
            node["line"].as_str().unwrap().trim().to_owned(),
        )
    };
    let said: Vec<_> = edges
        .iter()
        .map(line)
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let expected = [(0, "a"), (1, "B"), (2, "c"), (5, "f")].map(|(n, l)| (n, l.to_owned()));
    assert_eq!(said, expected);
    assert_eq!(run["logLineCount"], 6);
}

#[tokio::test]
async fn a_run_ends_with_its_exit_code() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    say(&ann, json!({})).await;
    assert_eq!(console(&ann).await["state"], "running");
    say(&ann, json!({ "complete": true, "exitcode": 0 })).await;
    assert_eq!(console(&ann).await["state"], "finished");
    // A late message does not make it run again.
    say(&ann, lines("output.log", 0, &["late"])).await;
    assert_eq!(console(&ann).await["state"], "finished");
    ann.run("run1").await;
    say(
        &ann,
        json!({ "complete": true, "exitcode": 3, "uploaded": ["x"], "unknown": [] }),
    )
    .await;
    assert_eq!(console(&ann).await["state"], "failed");
}

#[tokio::test]
async fn a_stream_of_no_run_is_404_and_a_wrong_one_is_not_asked_again() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    for path in [
        "/files/ann/vision/nothing/file_stream",
        "/files/ann/nothing/run1/file_stream",
        "/files/nobody/vision/run1/file_stream",
    ] {
        let (status, response) = send(&ann, path, json!({})).await;
        assert_eq!(status, 404, "{path}: {response}");
        message(&response);
    }
    for (body, expected) in [
        (lines("output.log", u64::MAX, &["x"]), 400),
        (lines("output.log", 1 << 40, &["x"]), 400),
        (
            json!({ "files": { "output.log": { "offset": -1, "content": ["x"] } } }),
            422,
        ),
        (
            json!({ "files": { "output.log": { "content": [7] } } }),
            422,
        ),
        (json!({ "files": [] }), 422),
        (json!({ "exitcode": "x" }), 422),
        (lines("wandb-summary.json", 0, &["{"]), 400),
        (lines("wandb-summary.json", 0, &["[]"]), 400),
        (lines("wandb-summary.json", 0, &[&"[".repeat(100_000)]), 400),
    ] {
        let (status, response) = send(&ann, STREAM, body.clone()).await;
        assert_eq!(status, expected, "{:.80}: {response}", body.to_string());
        message(&response);
    }
    // Names that no client sends are let through, and nothing comes of them.
    say(&ann, lines("../../etc/passwd", 0, &["x"])).await;
}

#[tokio::test]
async fn stopped_run_is_told_by_the_stream() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let run = ann.run("run1").await;
    say(&ann, json!({})).await;
    let stop = "mutation($id: ID!) { stopRun(input: { id: $id }) { success } }";
    ann.execute(stop, json!({ "id": run["id"] })).await;
    let response = send(&ann, STREAM, json!({})).await;
    assert_eq!(response, (200, json!({ "stopped": true })));
}

#[tokio::test]
async fn resumed_run_reads_its_last_state() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let query = "{ model(name: \"vision\", entityName: \"ann\") { bucket(name: \"run1\", missingOk: true) { id name
        summaryMetrics displayName logLineCount historyLineCount eventsLineCount historyTail eventsTail config tags
        notes wandbConfig(keys: [\"t\"]) } } }";
    assert_eq!(ann.execute(query, json!({})).await["model"], Value::Null);
    let config =
        json!({ "lr": { "value": 0.1 }, "_wandb": { "value": { "t": { "1": [1] }, "m": [] } } });
    let variables = json!({ "name": "run1", "project": "vision", "entity": "ann", "config": config.to_string(),
        "tags": ["a", "b"], "notes": "said" });
    ann.execute(UPSERT, variables).await;
    let fresh = ann.execute(query, json!({})).await["model"]["bucket"].clone();
    for count in ["logLineCount", "historyLineCount", "eventsLineCount"] {
        assert_eq!(fresh[count], 0, "{count}");
    }
    say(
        &ann,
        lines(
            "wandb-history.jsonl",
            0,
            &[r#"{"_step":0,"x":1}"#, r#"{"_step":7,"x":2}"#],
        ),
    )
    .await;
    say(
        &ann,
        lines("wandb-events.jsonl", 0, &[r#"{"system.cpu":1}"#]),
    )
    .await;
    say(
        &ann,
        lines("wandb-summary.json", 0, &[r#"{"_step":7,"x":2}"#]),
    )
    .await;
    say(&ann, lines("output.log", 0, &["a", "b", "c"])).await;
    let run = ann.execute(query, json!({})).await["model"]["bucket"].clone();
    let json_of =
        |field: &str| -> Value { serde_json::from_str(run[field].as_str().unwrap()).unwrap() };
    assert_eq!(run["tags"], json!(["a", "b"]));
    assert_eq!(run["notes"], "said");
    assert_eq!(run["historyLineCount"], 2);
    assert_eq!(run["eventsLineCount"], 1);
    assert_eq!(run["logLineCount"], 3);
    assert_eq!(json_of("config")["lr"]["value"], 0.1);
    assert_eq!(json_of("summaryMetrics")["_step"], 7);
    assert_eq!(json_of("wandbConfig"), json!({ "t": { "1": [1] } }));
    let tail = json_of("historyTail");
    let last: Value =
        serde_json::from_str(tail.as_array().unwrap().last().unwrap().as_str().unwrap()).unwrap();
    assert_eq!(last["_step"], 7);
}

#[tokio::test]
async fn version_logged_before_the_first_step_has_no_step() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    for (name, step, expected) in [("a", json!(null), json!(null)), ("b", json!(7), json!(7))] {
        let mut input = ann.new_version(name, &digest(&[("x", b"x")]));
        input["historyStep"] = step;
        let data = ann.execute(CREATE, json!({ "input": input })).await;
        let id = &data["createArtifact"]["artifact"]["id"];
        let query = "query($id: ID!) { artifact(id: $id) { historyStep } }";
        let found = ann.execute(query, json!({ "id": id })).await;
        assert_eq!(found["artifact"]["historyStep"], expected, "{name}");
    }
}

#[tokio::test]
async fn concurrent_messages_of_many_runs_are_all_kept() {
    let server = TestServer::start();
    let ann = server.user("ann");
    for n in 0..8 {
        ann.run(&format!("run{n}")).await;
    }
    let talk = |n: usize| {
        let ann = ann.clone();
        async move {
            let path = format!("/files/ann/vision/run{n}/file_stream");
            for line in 0..10 {
                let (status, _) = send(&ann, &path, lines("output.log", line, &["x"])).await;
                assert_eq!(status, 200);
            }
        }
    };
    futures::future::join_all((0..8).map(talk)).await;
    let query =
        "{ project(name: \"vision\") { runs(first: 20) { edges { node { logLineCount } } } } }";
    let data = ann.execute(query, json!({})).await;
    for edge in data["project"]["runs"]["edges"].as_array().unwrap() {
        assert_eq!(edge["node"]["logLineCount"], 10);
    }
    let operator = server.engine.service(Caller::Operator);
    assert_eq!(operator.accounts().unwrap().len(), 1);
}
