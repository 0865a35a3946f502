//! Authentication and authorization: requests without a valid key, and with another account's key.

use artifact_store::service::Caller;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{COMMIT, FILES, MANIFEST};
use crate::client::{CREATE, Client, UPSERT, digest, files_variables, json_response, message};
use crate::raw::basic;
use crate::server::{TestServer, key_of};

/// One route of every kind that needs an API key.
const WANTS_KEY: [(&str, &str); 5] = [
    ("POST", "/graphql"),
    ("POST", "/files/ann/vision/run1/file_stream"),
    ("GET", "/files/ann/vision/run1/config.yaml"),
    (
        "GET",
        "/artifactsV2/default/ann/vision/data/QXJ0aWZhY3Q6MQ%3D%3D//00ff/a.txt",
    ),
    ("GET", "/artifacts/ann/00ff"),
];

async fn status_with(
    client: &Client,
    method: &str,
    path: &str,
    authorization: Option<&str>,
) -> (StatusCode, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.request(method, path);
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    let request = request.header("Content-Type", "application/json");
    json_response(request.body(r#"{"query":"{ viewer { id } }"}"#)).await
}

#[tokio::test]
async fn requests_without_a_known_key_are_unauthorized() {
    let server = TestServer::start();
    server.user("ann");
    let anonymous = server.anonymous();
    let unknown = basic(&"x".repeat(40));
    let other_scheme = format!("Bearer {}", key_of("ann"));
    let no_base64 = "Basic ???".to_owned();
    for (method, path) in WANTS_KEY {
        for (authorization, says) in [
            (None, "no API key"),
            (Some(other_scheme.as_str()), "no API key"),
            (Some(no_base64.as_str()), "no API key"),
            (Some(unknown.as_str()), "does not know the API key"),
            (Some(&*basic("")), "does not know the API key"),
        ] {
            let (status, response) = status_with(&anonymous, method, path, authorization).await;
            assert_eq!(status, 401, "{path} with {authorization:?}");
            let message = message(&response);
            assert!(
                message.contains(says),
                "{path} with {authorization:?}: {message}"
            );
            assert!(!response.to_string().contains(&"x".repeat(40)));
        }
    }
}

#[tokio::test]
async fn key_of_a_removed_user_stops_working_at_once() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.execute("{ viewer { username } }", json!({})).await;
    let operator = server.engine.service(Caller::Operator);
    assert!(operator.remove_account(&"ann".parse().unwrap()).unwrap());
    for (method, path) in WANTS_KEY {
        let (status, _) = status_with(&ann, method, path, None).await;
        assert_eq!(status, 401, "{path}");
    }
}

#[tokio::test]
async fn records_of_others_read_as_absent() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let id = ann.log("data", &[("a.txt", b"secret")]).await;
    let run = ann.run("run1").await;
    let names = json!({ "e": "ann", "p": "vision", "id": id, "run": run["id"] });
    for (query, nothing) in [
        (
            "query($e: String, $p: String) { project(name: $p, entityName: $e) { id } }",
            json!({ "project": null }),
        ),
        (
            "query($e: String, $p: String) { model(name: $p, entityName: $e) { id } }",
            json!({ "model": null }),
        ),
        (
            "query($e: String) { models(entityName: $e) { totalCount edges { node { id } } } }",
            json!({ "models": { "totalCount": 0, "edges": [] } }),
        ),
        (
            "query($id: ID!) { artifact(id: $id) { id digest } }",
            json!({ "artifact": null }),
        ),
        (
            "query($e: String) { entity(name: $e) { id } }",
            json!({ "entity": null }),
        ),
    ] {
        let data = bob.execute(query, names.clone()).await;
        assert_eq!(data, nothing, "{query}");
        assert_ne!(ann.execute(query, names.clone()).await, nothing, "{query}");
    }
    // Ids of what belongs to the version say no more than its own.
    let query = "query($id: ID!) { artifact(id: $id) { artifactSequence { id } } }";
    let sequence = ann.execute(query, names.clone()).await;
    let sequence = sequence["artifact"]["artifactSequence"]["id"].clone();
    let query = "query($id: ID!) { artifactCollection(id: $id) { id name } }";
    let seen = bob.execute(query, json!({ "id": sequence })).await;
    assert_eq!(seen["artifactCollection"], Value::Null);
}

#[tokio::test]
async fn content_of_others_is_not_served_by_key() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let id = ann.log("data", &[("a.txt", b"secret")]).await;
    ann.run("run1").await;
    let hash: String = "5ebe2294ecd0e0f08eab7690d2a6ee69".to_owned();
    let encoded = id.replace('=', "%3D");
    let content = format!("/artifactsV2/default/ann/vision/data/{encoded}//{hash}/a.txt");
    let (status, _) = json_response(bob.request(Method::GET, &content)).await;
    assert_eq!(status, 404);
    let own = ann.request(Method::GET, &content).send().await.unwrap();
    assert_eq!(own.bytes().await.unwrap(), "secret");
    let file = "/files/ann/vision/run1/config.yaml";
    let (status, _) = json_response(bob.request(Method::GET, file)).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn writing_into_another_entity_is_forbidden_with_a_message() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let files: &[(&str, &[u8])] = &[("a.txt", b"secret")];
    let pending = ann.begin("data", &digest(files)).await;
    let run = ann.run("run1").await;
    let mut version = ann.new_version("other", &digest(files));
    version["entityName"] = json!("ann");
    let mut manifest = ann.manifest_variables(&pending.id, "");
    manifest["run"] = json!("run1");
    let id = json!({ "id": pending.id });
    let stop = "mutation($id: ID!) { stopRun(input: { id: $id }) { success } }";
    let delete = "mutation($id: ID!) { deleteRun(input: { id: $id }) { clientMutationId } }";
    let change = "mutation($id: ID!) { updateArtifact(input: { artifactID: $id, description: \"x\" }) \
                  { artifact { id } } }";
    let remove =
        "mutation($id: ID!) { deleteArtifact(input: { artifactID: $id }) { artifact { id } } }";
    for (query, variables) in [
        (
            UPSERT,
            json!({ "name": "run2", "project": "vision", "entity": "ann" }),
        ),
        (CREATE, json!({ "input": version })),
        (MANIFEST, manifest),
        (FILES, files_variables(&pending, files)),
        (COMMIT, id.clone()),
        (change, id.clone()),
        (remove, id),
        (stop, json!({ "id": run["id"] })),
        (delete, json!({ "id": run["id"] })),
    ] {
        let (status, message) = bob.refused(query, variables).await;
        assert!(
            matches!(status, 403 | 400 | 404),
            "{query}: {status} {message}"
        );
        assert!(
            message.contains("ann") || message.starts_with("there is no"),
            "{query}: {message}"
        );
        // Who names the entity is told whose it is.
        if [UPSERT, CREATE, MANIFEST, FILES, COMMIT].contains(&query) {
            assert_eq!(status, 403, "{query}: {message}");
        }
    }
    let (status, _) = json_response(
        bob.request(Method::POST, "/files/ann/vision/run1/file_stream")
            .header("Content-Type", "application/json")
            .body("{}"),
    )
    .await;
    assert_eq!(status, 403);
    // None of it did anything.
    let found = ann
        .execute(
            "query($id: ID!) { artifact(id: $id) { state description } }",
            json!({ "id": pending.id }),
        )
        .await;
    assert_eq!(
        found["artifact"],
        json!({ "state": "PENDING", "description": null })
    );
    let query = "{ project(name: \"vision\") { runCount } }";
    assert_eq!(
        ann.execute(query, json!({})).await["project"]["runCount"],
        1
    );
}

#[tokio::test]
async fn multipart_upload_of_others_cannot_be_completed() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let files: &[(&str, &[u8])] = &[("a.txt", b"secret")];
    let pending = ann.begin("data", &digest(files)).await;
    let mut variables = files_variables(&pending, files);
    let hash = "5ebe2294ecd0e0f08eab7690d2a6ee69";
    let parts = json!([{ "partNumber": 1, "hexMD5": hash }]);
    variables["input"]["artifactFiles"][0]["uploadPartsInput"] = parts.clone();
    let query = "mutation($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { files {
        edges { node { storagePath uploadMultipartUrls { uploadID uploadUrlParts { uploadUrl } } } } } } }";
    let data = ann.execute(query, variables).await;
    let node = &data["createArtifactFiles"]["files"]["edges"][0]["node"];
    let upload = &node["uploadMultipartUrls"];
    let url = upload["uploadUrlParts"][0]["uploadUrl"].as_str().unwrap();
    ann.put_ok(url, b"secret").await;
    let complete = "mutation($id: ID!, $upload: String!, $parts: [UploadPartsInput!]!) {
        completeMultipartUploadArtifact(input: { completeMultipartAction: Complete, completedParts: $parts,
            artifactID: $id, storagePath: \"\", uploadID: $upload }) { digest } }";
    let variables = json!({ "id": pending.id, "upload": upload["uploadID"], "parts": parts });
    let (status, message) = bob.refused(complete, variables.clone()).await;
    assert_eq!(status, 403, "{message}");
    ann.execute(complete, variables).await;
}

#[tokio::test]
async fn cursor_of_another_listing_reveals_nothing() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    ann.run("run1").await;
    ann.run("run2").await;
    bob.run("mine").await;
    let query = "query($e: String, $after: String) { project(name: \"vision\", entityName: $e) {
        runs(first: 1, after: $after) { edges { cursor node { name } } } } }";
    let first = ann.execute(query, json!({ "e": "ann" })).await;
    let cursor = &first["project"]["runs"]["edges"][0]["cursor"];
    let (status, response) = bob
        .graphql(query, json!({ "e": "bob", "after": cursor }))
        .await;
    let text = response.to_string();
    assert!(
        !text.contains("run1") && !text.contains("run2"),
        "{status} {text}"
    );
}

#[tokio::test]
async fn private_uses_of_a_shared_version_are_hidden() {
    let server = TestServer::start();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let mut team = ann.clone();
    "team".clone_into(&mut team.name);
    let id = team.log("data", &[("a.txt", b"shared")]).await;
    bob.run("private").await;
    let using = "mutation($id: ID!) { useArtifact(input: { artifactID: $id, entityName: \"bob\",
        projectName: \"vision\", runName: \"private\" }) { artifact { id } } }";
    bob.execute(using, json!({ "id": id })).await;
    let query = "query($id: ID!) { artifact(id: $id) { usedBy { edges { node { name } } } } }";
    let used_by = |data: Value| data["artifact"]["usedBy"]["edges"].clone();
    assert_eq!(
        used_by(ann.execute(query, json!({ "id": id })).await),
        json!([])
    );
    let seen = used_by(bob.execute(query, json!({ "id": id })).await);
    assert_eq!(seen, json!([{ "node": { "name": "private" } }]));
}
