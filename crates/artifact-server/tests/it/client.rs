//! A client of the protocol: GraphQL, and uploads and downloads by URL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::raw::basic;
use crate::server::TestServer;

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
    /// The account, and its personal entity.
    pub(crate) name: String,
}

/// A version that is not committed yet.
pub(crate) struct Pending {
    pub(crate) id: String,
    pub(crate) manifest: String,
}

impl Client {
    pub(crate) fn new(server: &TestServer, name: &str, key: Option<&str>) -> Self {
        // In a build of the whole workspace the client knows TLS, and then wants to know whose; here is none.
        _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: server.url(),
            key: key.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// Returns a request to a path of the server, with the key.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.header("Authorization", basic(key)),
            None => request,
        }
    }

    /// Returns a request to a signed URL, without a key.
    pub(crate) fn plain(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a raw body to `/graphql`.
    pub(crate) async fn post_graphql(&self, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        let request = self.request(Method::POST, "/graphql");
        let request = request.header("Content-Type", "application/json");
        json_response(request.body(body)).await
    }

    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> (StatusCode, Value) {
        let body = json!({ "query": query, "operationName": "", "variables": variables });
        self.post_graphql(body.to_string()).await
    }

    /// Executes a document that must succeed; returns the data.
    pub(crate) async fn execute(&self, query: &str, variables: Value) -> Value {
        let (status, response) = self.graphql(query, variables).await;
        assert_eq!(status, 200, "{response}");
        assert_eq!(response["errors"], Value::Null, "{response}");
        response["data"].clone()
    }

    /// Executes a document that must fail; returns status and message.
    pub(crate) async fn refused(&self, query: &str, variables: Value) -> (u16, String) {
        let (status, response) = self.graphql(query, variables).await;
        (status.as_u16(), message(&response))
    }

    /// Creates a run in the account's own entity.
    pub(crate) async fn run(&self, run: &str) -> Value {
        let variables = json!({ "name": run, "project": "vision", "entity": self.name });
        let data = self.execute(UPSERT, variables).await;
        data["upsertBucket"]["bucket"].clone()
    }

    /// Returns a minimal input of `createArtifact`.
    pub(crate) fn new_version(&self, name: &str, digest: &str) -> Value {
        json!({
            "entityName": self.name, "projectName": "vision", "artifactTypeName": "dataset",
            "artifactCollectionName": name, "runName": "run1", "digest": digest,
            "digestAlgorithm": "MANIFEST_MD5", "enableDigestDeduplication": true,
            "aliases": [{ "artifactCollectionName": name, "alias": "latest" }],
        })
    }

    /// Creates a version and its manifest in the account's own entity.
    pub(crate) async fn begin(&self, name: &str, digest: &str) -> Pending {
        self.run("run1").await;
        let input = self.new_version(name, digest);
        let created = self.execute(CREATE, json!({ "input": input })).await;
        let artifact = &created["createArtifact"]["artifact"];
        assert_eq!(artifact["state"], "PENDING");
        self.pending(artifact["id"].as_str().unwrap()).await
    }

    /// Creates the manifest of an existing version.
    pub(crate) async fn pending(&self, id: &str) -> Pending {
        let variables = self.manifest_variables(id, "");
        let data = self.execute(MANIFEST, variables).await;
        let manifest = data["createArtifactManifest"]["artifactManifest"]["id"].as_str();
        Pending {
            id: id.to_owned(),
            manifest: manifest.unwrap().to_owned(),
        }
    }

    pub(crate) fn manifest_variables(&self, id: &str, digest: &str) -> Value {
        json!({
            "id": id, "digest": digest, "entity": self.name, "project": "vision", "run": "run1",
            "upload": !digest.is_empty(), "type": "FULL",
        })
    }

    /// Requests upload URLs for files of a version; returns the nodes.
    pub(crate) async fn files(&self, pending: &Pending, files: &[(&str, &[u8])]) -> Vec<Value> {
        let data = self.execute(FILES, files_variables(pending, files)).await;
        let edges = data["createArtifactFiles"]["files"]["edges"].as_array();
        edges
            .unwrap()
            .iter()
            .map(|edge| edge["node"].clone())
            .collect()
    }

    /// Requests the upload URL of one file of a version.
    pub(crate) async fn upload_url(&self, pending: &Pending, name: &str, body: &[u8]) -> String {
        let node = self.files(pending, &[(name, body)]).await.remove(0);
        node["uploadUrl"].as_str().unwrap().to_owned()
    }

    /// Uploads to a URL, without a key.
    pub(crate) async fn put(&self, url: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let (status, response) = json_response(self.plain(Method::PUT, url).body(body)).await;
        (status.as_u16(), response)
    }

    pub(crate) async fn put_ok(&self, url: &str, body: &[u8]) {
        let (status, response) = self.put(url, body.to_vec()).await;
        assert_eq!(status, 200, "{response}");
    }

    /// Announces the bytes of the manifest; returns their upload URL.
    pub(crate) async fn manifest_url(&self, pending: &Pending, manifest: &[u8]) -> String {
        let variables = self.manifest_variables(&pending.id, &md5(manifest));
        let data = self.execute(MANIFEST, variables).await;
        let file = &data["createArtifactManifest"]["artifactManifest"]["file"];
        file["uploadUrl"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn commit(&self, id: &str) -> Value {
        let data = self.execute(COMMIT, json!({ "id": id })).await;
        data["commitArtifact"]["artifact"].clone()
    }

    /// Logs files; returns the ID of the version.
    pub(crate) async fn log(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        let pending = self.begin(name, &digest(files)).await;
        for (node, (_, body)) in self.files(&pending, files).await.iter().zip(files) {
            if let Some(url) = node["uploadUrl"].as_str() {
                self.put_ok(url, body).await;
            }
        }
        let manifest = manifest(&pending.id, files);
        let url = self.manifest_url(&pending, &manifest).await;
        self.put_ok(&url, &manifest).await;
        self.commit(&pending.id).await;
        pending.id
    }

    /// Returns the download URL of a version's only file.
    pub(crate) async fn download_url(&self, id: &str) -> String {
        let query =
            "query($id: ID!) { artifact(id: $id) { files { edges { node { directUrl } } } } }";
        let data = self.execute(query, json!({ "id": id })).await;
        let node = &data["artifact"]["files"]["edges"][0]["node"];
        node["directUrl"].as_str().unwrap().to_owned()
    }
}

/// Sends a request; returns the status and the body, which must be JSON if there is any.
pub(crate) async fn json_response(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    if body.is_empty() {
        return (status, Value::Null);
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let response: Value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{text}"));
    assert!(!text.contains("the server failed"), "{text}");
    (status, response)
}

/// Returns the first message of an error response.
pub(crate) fn message(response: &Value) -> String {
    let message = response["errors"][0]["message"].as_str();
    message.unwrap_or_else(|| panic!("{response}")).to_owned()
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    BASE64.encode(Md5::digest(bytes))
}

/// Returns the digest of a version with these files.
pub(crate) fn digest(files: &[(&str, &[u8])]) -> String {
    let entries = files.iter().map(|(path, body)| (*path, md5(body)));
    digest_of(&mut entries.collect::<Vec<_>>())
}

/// Returns the digest of a version with these paths and digests.
pub(crate) fn digest_of(entries: &mut [(&str, String)]) -> String {
    entries.sort();
    let mut hasher = Md5::new();
    hasher.update("wandb-artifact-manifest-v1\n");
    for (path, digest) in entries {
        hasher.update(format!("{path}:{digest}\n"));
    }
    let bytes: [u8; 16] = hasher.finalize().into();
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Returns the manifest of a version with these files, all stored by it.
pub(crate) fn manifest(id: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let entry = |(path, body): &(&str, &[u8])| {
        let entry = json!({ "digest": md5(body), "size": body.len(), "birthArtifactID": id });
        ((*path).to_owned(), entry)
    };
    let contents: serde_json::Map<String, Value> = files.iter().map(entry).collect();
    manifest_with(&Value::Object(contents))
}

pub(crate) fn manifest_with(contents: &Value) -> Vec<u8> {
    let manifest = json!({
        "version": 1, "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": { "storageLayout": "V2" }, "contents": contents,
    });
    manifest.to_string().into_bytes()
}

/// Returns the variables of [`FILES`].
pub(crate) fn files_variables(pending: &Pending, files: &[(&str, &[u8])]) -> Value {
    let spec = |(name, body): &(&str, &[u8])| {
        json!({
            "artifactID": pending.id, "artifactManifestID": pending.manifest,
            "name": name, "md5": md5(body), "digest": md5(body), "mimetype": null,
        })
    };
    let files: Vec<_> = files.iter().map(spec).collect();
    json!({ "input": { "artifactFiles": files, "storageLayout": "V2" } })
}

pub(crate) const UPSERT: &str =
    "mutation($name: String, $project: String, $entity: String, $config: JSONString,
    $summary: JSONString, $tags: [String!], $notes: String) {
    upsertBucket(input: { name: $name, modelName: $project, entityName: $entity, config: $config,
        summaryMetrics: $summary, tags: $tags, notes: $notes }) {
        bucket { id name project { name entity { name } } historyLineCount } inserted } }";
pub(crate) const CREATE: &str =
    "mutation($input: CreateArtifactInput!) { createArtifact(input: $input) {
    artifact { id state versionIndex digest artifactSequence { id latestArtifact { id } } } } }";
pub(crate) const MANIFEST: &str = "mutation($id: ID!, $digest: String!, $entity: String!, $project: String!,
    $run: String!, $type: ArtifactManifestType!, $upload: Boolean!, $base: ID) {
    createArtifactManifest(input: { artifactID: $id, baseArtifactID: $base, name: \"wandb_manifest.json\",
        digest: $digest, entityName: $entity, projectName: $project, runName: $run, type: $type }) {
        artifactManifest { id file { id uploadUrl @include(if: $upload) } } } }";
pub(crate) const FILES: &str =
    "mutation($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) {
    files { edges { node { storagePath uploadUrl uploadHeaders artifact { id } } } } } }";
pub(crate) const COMMIT: &str = "mutation($id: ID!) { commitArtifact(input: { artifactID: $id }) {
    artifact { id digest state versionIndex } } }";
