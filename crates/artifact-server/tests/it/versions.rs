//! Creating and committing versions: out of order, twice, and concurrently.

use serde_json::{Value, json};

use crate::client::{
    COMMIT, CREATE, Client, MANIFEST, digest, digest_of, manifest, manifest_with, md5,
};
use crate::server::TestServer;

const FILES: &[(&str, &[u8])] = &[("a.txt", b"content")];

async fn create(client: &Client, input: Value) -> Value {
    let data = client.execute(CREATE, json!({ "input": input })).await;
    data["createArtifact"]["artifact"].clone()
}

async fn refused_commit(client: &Client, id: &str) -> String {
    let (status, message) = client.refused(COMMIT, json!({ "id": id })).await;
    assert_eq!(status, 400, "{message}");
    message
}

#[tokio::test]
async fn incomplete_versions_cannot_be_committed() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    let created = create(&ann, ann.new_version("data", &digest(FILES))).await;
    let id = created["id"].as_str().unwrap();
    let message = refused_commit(&ann, id).await;
    assert!(message.contains("manifest"), "{message}");
    let pending = ann.pending(id).await;
    let message = refused_commit(&ann, id).await;
    assert!(message.contains("manifest"), "{message}");
    let upload = ann.upload_url(&pending, "a.txt", b"content").await;

    // The manifest names content that is not here.
    let bytes = manifest(id, FILES);
    let url = ann.manifest_url(&pending, &bytes).await;
    let (status, response) = ann.put(&url, bytes.clone()).await;
    assert_eq!(status, 400, "{response}");
    assert!(
        crate::client::message(&response).contains("a.txt"),
        "{response}"
    );
    refused_commit(&ann, id).await;

    ann.put_ok(&upload, b"content").await;
    ann.put_ok(&url, &bytes).await;
    let committed = ann.commit(id).await;
    assert_eq!(committed["versionIndex"], 0);
    // A client that did not hear the response asks again.
    assert_eq!(ann.commit(id).await, committed);
}

#[tokio::test]
async fn concurrent_versions_are_numbered_without_gaps() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    let log = |n: u8| {
        let ann = ann.clone();
        async move {
            let content = [n; 9];
            ann.log("data", &[("a.txt", &content)]).await
        }
    };
    let ids = futures::future::join_all((0..16).map(log)).await;
    let mut indices = Vec::new();
    for id in ids {
        let query = "query($id: ID!) { artifact(id: $id) { versionIndex state } }";
        let found = ann.execute(query, json!({ "id": id })).await;
        assert_eq!(found["artifact"]["state"], "COMMITTED");
        indices.push(found["artifact"]["versionIndex"].as_i64().unwrap());
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..16).collect::<Vec<_>>());
}

#[tokio::test]
async fn same_digest_returns_the_existing_version() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let id = ann.log("data", FILES).await;
    let variables = json!({ "name": "run2", "project": "vision", "entity": "ann" });
    ann.execute(crate::client::UPSERT, variables).await;
    let mut input = ann.new_version("data", &digest(FILES));
    input["runName"] = json!("run2");
    let again = create(&ann, input.clone()).await;
    assert_eq!(again["state"], "COMMITTED");
    assert_eq!(again["id"], json!(id));
    let query = "query($run: String!) { project(name: \"vision\") { run(name: $run) {
        outputArtifacts { totalCount edges { node { id } } } } } }";
    for run in ["run1", "run2"] {
        let data = ann.execute(query, json!({ "run": run })).await;
        let outputs = &data["project"]["run"]["outputArtifacts"];
        assert_eq!(outputs["edges"], json!([{ "node": { "id": id } }]), "{run}");
    }
    // Only where that is asked for.
    input["enableDigestDeduplication"] = json!(false);
    assert_eq!(create(&ann, input).await["state"], "PENDING");
}

#[tokio::test]
async fn invalid_input_is_refused_by_name() {
    let server = TestServer::start();
    let ann = server.user("ann");
    ann.run("run1").await;
    for (field, value, says) in [
        ("storageRegion", json!("moon"), "moon"),
        ("digest", json!("xyz"), "digest"),
        ("metadata", json!("[1]"), "metadata"),
        ("metadata", json!("{"), "metadata"),
        ("metadata", json!("[".repeat(100_000)), "metadata"),
        ("artifactTypeName", json!(""), "type"),
        ("artifactCollectionName", json!("a/b"), "a/b"),
        ("artifactCollectionName", json!("x".repeat(129)), "128"),
        ("projectName", json!("a/b"), "a/b"),
        ("entityName", json!("../ann"), "../ann"),
        ("ttlDurationSeconds", json!(-7), "-7"),
        ("runName", json!("nothing"), "nothing"),
        ("tags", json!([{ "tagName": "a/b" }]), "tag"),
        (
            "aliases",
            json!([{ "artifactCollectionName": "data", "alias": "a/b" }]),
            "alias",
        ),
    ] {
        let mut input = ann.new_version("data", &digest(FILES));
        input[field] = value;
        let (status, message) = ann.refused(CREATE, json!({ "input": input })).await;
        assert!(matches!(status, 200 | 400 | 404), "{field}: {status}");
        assert!(message.contains(says), "{field}: {message}");
    }
    for region in [json!(null), json!(""), json!("default")] {
        let mut input = ann.new_version("data", &digest(FILES));
        input["storageRegion"] = region;
        create(&ann, input).await;
    }
}

/// An incremental version adds one file to its base.
#[tokio::test]
async fn incremental_version_adds_to_its_base() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let base = ann.log("data", FILES).await;
    let both = digest(&[("a.txt", b"content"), ("b.txt", b"more")]);
    let created = create(&ann, ann.new_version("data", &both)).await;
    let id = created["id"].as_str().unwrap().to_owned();
    let mut variables = ann.manifest_variables(&id, "");
    variables["type"] = json!("INCREMENTAL");
    variables["base"] = json!(base);
    let data = ann.execute(MANIFEST, variables).await;
    let manifest_id = data["createArtifactManifest"]["artifactManifest"]["id"]
        .as_str()
        .unwrap();
    let pending = crate::client::Pending {
        id,
        manifest: manifest_id.to_owned(),
    };
    let url = ann.upload_url(&pending, "b.txt", b"more").await;
    ann.put_ok(&url, b"more").await;
    let bytes = manifest(&pending.id, &[("b.txt", b"more")]);
    send_share(&ann, &pending.manifest, &bytes).await;
    ann.commit(&pending.id).await;
    assert_eq!(paths(&ann, &pending.id).await, ["a.txt", "b.txt"]);
}

async fn send_share(client: &Client, manifest: &str, bytes: &[u8]) {
    let update = "mutation($id: ID!, $digest: String) { updateArtifactManifest(input: { artifactManifestID: $id,
        digest: $digest }) { artifactManifest { id file { uploadUrl } } } }";
    let data = client
        .execute(update, json!({ "id": manifest, "digest": md5(bytes) }))
        .await;
    let file = &data["updateArtifactManifest"]["artifactManifest"]["file"];
    client
        .put_ok(file["uploadUrl"].as_str().unwrap(), bytes)
        .await;
}

async fn paths(client: &Client, id: &str) -> Vec<String> {
    let query = "query($id: ID!) { artifact(id: $id) { files(first: 100) { edges { node { displayName } } } } }";
    let data = client.execute(query, json!({ "id": id })).await;
    let edges = data["artifact"]["files"]["edges"].as_array().unwrap();
    let name = |edge: &Value| edge["node"]["displayName"].as_str().unwrap().to_owned();
    edges.iter().map(name).collect()
}

#[tokio::test]
async fn patches_of_several_runs_become_one_version() {
    let server = TestServer::start();
    let ann = server.user("ann");
    let mut version = None;
    for (run, name) in [("run1", "a.txt"), ("run2", "b.txt")] {
        let variables = json!({ "name": run, "project": "vision", "entity": "ann" });
        ann.execute(crate::client::UPSERT, variables).await;
        let entries = &mut [(name, md5(b"x"))];
        let mut input = ann.new_version("data", &digest_of(entries));
        input["distributedID"] = json!("together");
        input["runName"] = json!(run);
        let created = create(&ann, input).await;
        let id = created["id"].as_str().unwrap().to_owned();
        assert_eq!(
            version.get_or_insert(id.clone()),
            &id,
            "one version for both"
        );
        let mut variables = ann.manifest_variables(&id, "");
        variables["type"] = json!("PATCH");
        variables["run"] = json!(run);
        let data = ann.execute(MANIFEST, variables).await;
        let manifest = data["createArtifactManifest"]["artifactManifest"]["id"]
            .as_str()
            .unwrap();
        let contents = json!({ name: { "digest": format!("https://example.com/{name}"),
            "ref": format!("https://example.com/{name}"), "size": 1 } });
        send_share(&ann, manifest, &manifest_with(&contents)).await;
    }
    let id = version.unwrap();
    ann.commit(&id).await;
    assert_eq!(paths(&ann, &id).await, ["a.txt", "b.txt"]);
}
