//! GraphQL requests, as clients send them.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::http::{Connection, Request};
use super::load::{CONNECTIONS, Plan};
use super::process::{PROJECT, ServerProcess, USER};
use super::writer::Writer;

/// Batch size of the official client.
const BATCH: usize = 25;
/// Page size of the official client for a history.
const PAGE: usize = 1000;
/// Number of lines in one message.
const MESSAGE: usize = 5000;

/// The query of the official client before it uses or downloads a version, with the same nesting.
const MEMBERSHIP: &str = "query ArtifactMembershipByName($entity: String!, $project: String!, $name: String!) {
  project(name: $project, entityName: $entity) {
    artifactCollectionMembership(name: $name) { ...Membership }
  }
}
fragment Project on Project { id internalId name entity { name } }
fragment Alias on ArtifactAlias { __typename id alias }
fragment Collection on ArtifactCollection { __typename name project { ...Project } }
fragment Sequence on ArtifactSequence { __typename name project { ...Project } }
fragment Version on Artifact {
  __typename id versionIndex description metadata ttlDurationSeconds ttlIsInherited historyStep state size digest
  digestAlgorithm commitHash fileCount createdAt updatedAt
  artifactSequence { ...Sequence }
  artifactType { name }
  tags { __typename id name }
}
fragment Membership on ArtifactCollectionMembership {
  __typename id versionIndex createdAt
  aliases { ...Alias }
  artifactCollection { ...Collection }
  artifact { ...Version }
}";
const FILES: &str = "query Files($entity: String!, $project: String!, $name: String!, $after: String, $first: Int) {
  project(name: $project, entityName: $entity) {
    artifactCollectionMembership(name: $name) {
      artifact { id }
      files(after: $after, first: $first) {
        totalCount
        pageInfo { endCursor hasNextPage }
        edges { node { name digest directUrl } }
      }
    }
  }
}";
const UPSERT_RUN: &str = "mutation UpsertBucket($input: UpsertBucketInput!) {
  upsertBucket(input: $input) { bucket { id name } inserted }
}";
const HISTORY: &str = "query History($entity: String!, $project: String!, $run: String!, $min: Int64!, $max: Int64!, $size: Int!) {
  project(name: $project, entityName: $entity) {
    run(name: $run) { history(minStep: $min, maxStep: $max, samples: $size) }
  }
}";

/// A page of the files of a version.
pub(super) struct Page {
    pub(super) artifact: String,
    pub(super) files: Vec<StoredFile>,
    /// The cursor of the next page; `None` after the last.
    pub(super) next: Option<String>,
}

/// A file of a version.
pub(super) struct StoredFile {
    pub(super) name: String,
    pub(super) digest: String,
    pub(super) url: String,
}

/// Sends a GraphQL request; returns the data of the response.
pub(super) fn ask(
    connection: &mut Connection,
    server: &ServerProcess,
    query: &str,
    variables: &Value,
) -> Result<Value> {
    let question = json!({ "query": query, "variables": variables }).to_string();
    let request = Request {
        method: "POST",
        target: "/graphql",
        authorization: Some(&server.authorization),
    };
    let answer = connection.ask(&request, question.as_bytes())?;
    let mut answer: Value = serde_json::from_slice(&answer)?;
    let errors = &answer["errors"];
    ensure!(errors.is_null(), "the server answered {errors}");
    Ok(answer["data"].take())
}

pub(super) fn text(value: &Value) -> Result<String> {
    let text = value.as_str().context("the answer lacks a text")?;
    Ok(text.to_owned())
}

fn named(name: &str) -> Value {
    json!({ "entity": USER, "project": PROJECT, "name": format!("{name}:latest") })
}

/// Creates or updates a run.
pub(super) fn make_run(
    connection: &mut Connection,
    server: &ServerProcess,
    name: &str,
) -> Result<()> {
    let input = json!({ "name": name, "entityName": USER, "modelName": PROJECT });
    ask(connection, server, UPSERT_RUN, &json!({ "input": input }))?;
    Ok(())
}

/// Requests a page of the files of a version.
pub(super) fn files_page(
    connection: &mut Connection,
    server: &ServerProcess,
    name: &str,
    after: Option<&str>,
    first: u32,
) -> Result<Page> {
    let mut variables = named(name);
    variables["after"] = json!(after);
    variables["first"] = json!(first);
    let data = ask(connection, server, FILES, &variables)?;
    let membership = &data["project"]["artifactCollectionMembership"];
    let edges = membership["files"]["edges"].as_array();
    let files = edges.context("the answer lacks files")?.iter().map(|edge| {
        let node = &edge["node"];
        Ok(StoredFile {
            name: text(&node["name"])?,
            digest: text(&node["digest"])?,
            url: text(&node["directUrl"])?,
        })
    });
    let info = &membership["files"]["pageInfo"];
    let has_more = info["hasNextPage"].as_bool() == Some(true);
    Ok(Page {
        artifact: text(&membership["artifact"]["id"])?,
        files: files.collect::<Result<_>>()?,
        next: has_more.then(|| text(&info["endCursor"])).transpose()?,
    })
}

/// Looks up versions by name, and requests upload URLs in batches.
pub(super) fn questions(plan: &Plan<'_>) -> Result<()> {
    let server = plan.server;
    for connections in CONNECTIONS {
        plan.load(
            "look up a version by name",
            connections,
            usize::MAX,
            |connection, _| {
                let found = ask(connection, server, MEMBERSHIP, &named("small"))?;
                ensure!(
                    found["project"]["artifactCollectionMembership"].is_object(),
                    "not found"
                );
                Ok(0)
            },
        )?;
    }
    for connections in CONNECTIONS {
        let name = format!("batches-{connections}");
        let writer = Writer::begin(&mut Connection::open(&server.address)?, server, &name)?;
        plan.load(
            "createArtifactFiles of 25",
            connections,
            usize::MAX,
            |connection, number| {
                let file = |file| {
                    let path = format!("{number}/{file}");
                    let md5 = md5_lanes::Md5::digest(path.as_bytes());
                    (path, md5)
                };
                let files: Vec<_> = (0..BATCH).map(file).collect();
                writer.files(connection, server, &files)?;
                Ok(0)
            },
        )?;
    }
    Ok(())
}

/// Sends a history of `lines` lines, and reads it page by page as the official client does.
pub(super) fn histories(plan: &Plan<'_>, lines: u64) -> Result<()> {
    let server = plan.server;
    let lines = usize::try_from(lines)?;
    make_run(&mut Connection::open(&server.address)?, server, "steps")?;
    let target = format!("/files/{USER}/{PROJECT}/steps/file_stream");
    let messages: Vec<_> = (0..lines / MESSAGE).map(message).collect();
    let sent = plan.load(
        "5,000 lines of history sent",
        1,
        messages.len(),
        |connection, number| {
            let request = Request {
                method: "POST",
                target: &target,
                authorization: Some(&server.authorization),
            };
            let message = &messages[number];
            connection.ask(&request, message.as_bytes())?;
            Ok(message.len() as u64)
        },
    )?;
    // As many as were sent in the time of the load.
    let lines = sent.latencies.len() * MESSAGE;
    plan.load(
        "1,000 lines of history read",
        1,
        lines / PAGE,
        |connection, number| {
            let variables = json!({
                "entity": USER, "project": PROJECT, "run": "steps",
                "min": number * PAGE, "max": (number + 1) * PAGE, "size": PAGE,
            });
            let data = ask(connection, server, HISTORY, &variables)?;
            let got = data["project"]["run"]["history"].as_array().map(Vec::len);
            ensure!(got == Some(PAGE), "lines are missing");
            Ok(0)
        },
    )?;
    Ok(())
}

/// Returns a message of the file stream with [`MESSAGE`] lines.
fn message(number: usize) -> String {
    let first = number * MESSAGE;
    let line = |step| {
        json!({ "_step": step, "_timestamp": 1.7e9, "loss": 0.25, "accuracy": 0.75, "epoch": step / 100 })
            .to_string()
    };
    let content: Vec<_> = (first..first + MESSAGE).map(line).collect();
    json!({ "files": { "wandb-history.jsonl": { "offset": first, "content": content } } })
        .to_string()
}
