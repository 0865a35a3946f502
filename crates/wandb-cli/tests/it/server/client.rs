//! A client that logs versions step by step, and goes on where it was when the server dies.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::http;

/// A client of a server at a URL.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) url: String,
    pub(super) key: String,
}

impl Client {
    pub(super) fn new(url: String, key: &str) -> Self {
        let key = key.to_owned();
        Self { url, key }
    }

    /// Asks; returns the status and the answer.
    pub(super) fn post(&self, query: &str, variables: &Value) -> io::Result<(u16, Value)> {
        let authorization = format!("Basic {}", BASE64.encode(format!("api:{}", self.key)));
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        let body = json!({ "query": query, "variables": variables }).to_string();
        let url = format!("{}/graphql", self.url);
        let answer = http::send("POST", &url, &headers, body.as_bytes())?;
        Ok((answer.status, serde_json::from_slice(&answer.body)?))
    }

    /// Asks what must succeed, unless the server dies.
    pub(super) fn ask(&self, query: &str, variables: &Value) -> io::Result<Value> {
        let (status, answer) = self.post(query, variables)?;
        assert!(status == 200 && answer.get("errors").is_none(), "{answer}");
        Ok(answer["data"].clone())
    }

    pub(super) fn make_run(&self) -> io::Result<()> {
        let query = "mutation { upsertBucket(input: { name: \"run1\", modelName: \"vision\", entityName: \"ann\" }) {
            inserted } }";
        self.ask(query, &json!({})).map(drop)
    }

    /// Creates a version with this digest, and its manifest; returns the ids of both.
    pub(super) fn create(&self, name: &str, digest: &str) -> io::Result<(String, String)> {
        let query = "mutation($name: String, $digest: String!) { createArtifact(input: { entityName: \"ann\",
            projectName: \"vision\", artifactTypeName: \"dataset\", artifactCollectionName: $name,
            runName: \"run1\", digest: $digest, digestAlgorithm: MANIFEST_MD5 }) { artifact { id state } } }";
        let data = self.ask(query, &json!({ "name": name, "digest": digest }))?;
        let id = text(&data["createArtifact"]["artifact"]["id"]);
        let data = self.manifest(&id, "")?;
        Ok((id, text(&data["id"])))
    }

    /// Announces the manifest.
    pub(super) fn manifest(&self, id: &str, digest: &str) -> io::Result<Value> {
        let query = "mutation($id: ID!, $digest: String!, $upload: Boolean!) { createArtifactManifest(input: {
            artifactID: $id, name: \"wandb_manifest.json\", digest: $digest, entityName: \"ann\",
            projectName: \"vision\", runName: \"run1\", type: FULL }) { artifactManifest { id file {
            uploadUrl @include(if: $upload) } } } }";
        let variables = json!({ "id": id, "digest": digest, "upload": !digest.is_empty() });
        let data = self.ask(query, &variables)?;
        Ok(data["createArtifactManifest"]["artifactManifest"].clone())
    }

    pub(super) fn commit(&self, id: &str) -> io::Result<u64> {
        let query = "mutation($id: ID!) { commitArtifact(input: { artifactID: $id }) { artifact { versionIndex } } }";
        let data = self.ask(query, &json!({ "id": id }))?;
        let index = &data["commitArtifact"]["artifact"]["versionIndex"];
        Ok(index.as_u64().unwrap())
    }
}

/// A version with one file, on its way.
pub(super) struct Job {
    name: &'static str,
    content: Vec<u8>,
    /// Its id and that of its manifest.
    ids: Option<(String, String)>,
    pub(super) upload_url: Option<String>,
    is_uploaded: bool,
    manifest_url: Option<String>,
    is_manifest_uploaded: bool,
}

impl Job {
    pub(super) fn new(name: &'static str, content: Vec<u8>) -> Self {
        Self {
            name,
            content,
            ids: None,
            upload_url: None,
            is_uploaded: false,
            manifest_url: None,
            is_manifest_uploaded: false,
        }
    }

    /// Does what is left to do, with what was given before; returns the index of the version.
    pub(super) fn go_on(&mut self, client: &Client) -> io::Result<u64> {
        let md5 = md5(&self.content);
        let ids = if let Some(ids) = &self.ids {
            ids
        } else {
            let digest = hex(&format!("wandb-artifact-manifest-v1\na:{md5}\n"));
            self.ids.insert(client.create(self.name, &digest)?)
        };
        let url = if let Some(url) = &self.upload_url {
            url
        } else {
            let query = "mutation($id: ID!, $manifest: ID!, $md5: String!) { createArtifactFiles(input: {
                storageLayout: V2, artifactFiles: [{ artifactID: $id, artifactManifestID: $manifest, name: \"a\",
                md5: $md5 }] }) { files { edges { node { uploadUrl } } } } }";
            let variables = json!({ "id": ids.0, "manifest": ids.1, "md5": md5 });
            let data = client.ask(query, &variables)?;
            let node = &data["createArtifactFiles"]["files"]["edges"][0]["node"];
            self.upload_url.insert(text(&node["uploadUrl"]))
        };
        if !self.is_uploaded {
            put(url, &self.content)?;
            self.is_uploaded = true;
        }
        let manifest = json!({
            "version": 1, "storagePolicy": "wandb-storage-policy-v1",
            "storagePolicyConfig": { "storageLayout": "V2" },
            "contents": { "a": { "digest": md5, "size": self.content.len(), "birthArtifactID": ids.0 } },
        });
        let manifest = manifest.to_string();
        let url = if let Some(url) = &self.manifest_url {
            url
        } else {
            let file = client.manifest(&ids.0, &self::md5(manifest.as_bytes()))?;
            self.manifest_url.insert(text(&file["file"]["uploadUrl"]))
        };
        if !self.is_manifest_uploaded {
            put(url, manifest.as_bytes())?;
            self.is_manifest_uploaded = true;
        }
        client.commit(&ids.0)
    }
}

/// Sends bytes that must be taken, unless the server dies.
pub(super) fn put(url: &str, body: &[u8]) -> io::Result<()> {
    let answer = http::send("PUT", url, &[], body)?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok(())
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

pub(super) fn md5(bytes: &[u8]) -> String {
    BASE64.encode(Md5::digest(bytes))
}

pub(super) fn hex(text: &str) -> String {
    let bytes: [u8; 16] = Md5::digest(text).into();
    format!("{:032x}", u128::from_be_bytes(bytes))
}
