//! A client that writes versions, one by one or many of one collection.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5_lanes::Md5;
use serde_json::{Value, json};

use super::http::{Connection, Request};
use super::manifest::hex;
use super::process::{PROJECT, ServerProcess, USER};
use super::protocol::{ask, text};

const CREATE_ARTIFACT: &str = "mutation CreateArtifact($input: CreateArtifactInput!) {
  createArtifact(input: $input) { artifact { id state } }
}";
const CREATE_MANIFEST: &str = "mutation CreateArtifactManifest($input: CreateArtifactManifestInput!) {
  createArtifactManifest(input: $input) { artifactManifest { id file { id uploadUrl uploadHeaders } } }
}";
const COMMIT: &str = "mutation CommitArtifact($id: ID!) {
  commitArtifact(input: { artifactID: $id }) { artifact { id state } }
}";
const CREATE_FILES: &str = "mutation CreateArtifactFiles($input: CreateArtifactFilesInput!) {
  createArtifactFiles(input: $input) {
    files {
      edges {
        node {
          id name displayName uploadUrl uploadHeaders storagePath
          uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } }
          artifact { id }
        }
      }
    }
  }
}";
const COMPLETE: &str =
    "mutation CompleteMultipartUploadArtifact($input: CompleteMultipartUploadArtifactInput!) {
  completeMultipartUploadArtifact(input: $input) { digest }
}";

/// A pending version.
pub(super) struct Writer {
    artifact: String,
    manifest: String,
}

/// A multipart upload.
pub(super) struct InParts {
    pub(super) urls: Vec<String>,
    upload: String,
    storage_path: String,
    parts: Value,
}

impl Writer {
    pub(super) fn begin(
        connection: &mut Connection,
        server: &ServerProcess,
        name: &str,
    ) -> Result<Self> {
        Self::begin_with_digest(connection, server, name, "0123456789abcdef0123456789abcdef")
    }

    /// Creates a version that can be committed, with the digest of its entries.
    pub(super) fn begin_with_digest(
        connection: &mut Connection,
        server: &ServerProcess,
        name: &str,
        digest: &str,
    ) -> Result<Self> {
        let input = json!({
            "entityName": USER, "projectName": PROJECT, "artifactTypeName": "dataset",
            "artifactCollectionName": name, "digest": digest,
            "aliases": [], "enableDigestDeduplication": true,
        });
        let made = ask(
            connection,
            server,
            CREATE_ARTIFACT,
            &json!({ "input": input }),
        )?;
        let artifact = text(&made["createArtifact"]["artifact"]["id"])?;
        let made = manifest(connection, server, &artifact, "")?;
        let manifest = text(&made["id"])?;
        Ok(Self { artifact, manifest })
    }

    /// Requests a multipart upload for parts with these MD5s.
    pub(super) fn file_in_parts(
        &self,
        connection: &mut Connection,
        server: &ServerProcess,
        path: &str,
        md5: &[u8; 16],
        parts: &[[u8; 16]],
    ) -> Result<InParts> {
        let md5 = BASE64.encode(md5);
        let parts: Vec<_> = (1..)
            .zip(parts)
            .map(|(number, md5)| part(number, md5))
            .collect();
        let file = json!({
            "artifactID": self.artifact, "artifactManifestID": self.manifest,
            "name": path, "md5": md5, "digest": md5, "uploadPartsInput": parts,
        });
        let variables = json!({ "input": { "artifactFiles": [file], "storageLayout": "V2" } });
        let mut made = ask(connection, server, CREATE_FILES, &variables)?;
        let node = made["createArtifactFiles"]["files"]["edges"][0]["node"].take();
        let urls = node["uploadMultipartUrls"]["uploadUrlParts"].as_array();
        let urls = urls.context("the answer lacks parts")?.iter();
        Ok(InParts {
            urls: urls
                .map(|part| text(&part["uploadUrl"]))
                .collect::<Result<_>>()?,
            upload: text(&node["uploadMultipartUrls"]["uploadID"])?,
            storage_path: text(&node["storagePath"])?,
            parts: parts.into(),
        })
    }

    /// Completes a multipart upload.
    pub(super) fn complete(
        &self,
        connection: &mut Connection,
        server: &ServerProcess,
        file: &InParts,
    ) -> Result<()> {
        let input = json!({
            "completeMultipartAction": "Complete", "completedParts": file.parts,
            "artifactID": self.artifact, "storagePath": file.storage_path, "uploadID": file.upload,
        });
        let done = ask(connection, server, COMPLETE, &json!({ "input": input }))?;
        let digest = &done["completeMultipartUploadArtifact"]["digest"];
        ensure!(digest.is_string(), "the parts were not put together");
        Ok(())
    }

    /// Requests the upload URL of the manifest file with this MD5.
    pub(super) fn manifest_url(
        &self,
        connection: &mut Connection,
        server: &ServerProcess,
        md5: &[u8; 16],
    ) -> Result<String> {
        let made = manifest(connection, server, &self.artifact, &BASE64.encode(md5))?;
        text(&made["file"]["uploadUrl"])
    }

    /// Commits the version.
    pub(super) fn commit(&self, connection: &mut Connection, server: &ServerProcess) -> Result<()> {
        let done = ask(connection, server, COMMIT, &json!({ "id": self.artifact }))?;
        let state = &done["commitArtifact"]["artifact"]["state"];
        ensure!(state == "COMMITTED", "the version is {state}");
        Ok(())
    }

    /// Requests upload URLs for files with a path and an MD5.
    pub(super) fn files(
        &self,
        connection: &mut Connection,
        server: &ServerProcess,
        files: &[(String, [u8; 16])],
    ) -> Result<Vec<String>> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, md5)| {
                let md5 = BASE64.encode(md5);
                json!({
                    "artifactID": self.artifact, "artifactManifestID": self.manifest,
                    "name": path, "md5": md5, "digest": md5,
                })
            })
            .collect();
        let variables = json!({ "input": { "artifactFiles": files, "storageLayout": "V2" } });
        let made = ask(connection, server, CREATE_FILES, &variables)?;
        let edges = made["createArtifactFiles"]["files"]["edges"].as_array();
        let edges = edges.context("the answer lacks files")?;
        ensure!(edges.len() == files.len(), "an answer per file");
        let urls = edges.iter().map(|edge| text(&edge["node"]["uploadUrl"]));
        urls.collect()
    }
}

fn manifest(
    connection: &mut Connection,
    server: &ServerProcess,
    artifact: &str,
    digest: &str,
) -> Result<Value> {
    let input = json!({
        "artifactID": artifact, "name": "wandb_manifest.json", "digest": digest, "type": "FULL",
        "entityName": USER, "projectName": PROJECT,
    });
    let variables = json!({ "input": input });
    let mut made = ask(connection, server, CREATE_MANIFEST, &variables)?;
    Ok(made["createArtifactManifest"]["artifactManifest"].take())
}

fn part(number: u32, md5: &[u8; 16]) -> Value {
    let md5 = format!("{:032x}", u128::from_be_bytes(*md5));
    json!({ "partNumber": number, "hexMD5": md5 })
}

/// Number of connections that create versions.
const WRITERS: u64 = 4;

/// Creates `count` versions of `name`.
pub(crate) fn make_versions(server: &ServerProcess, name: &str, count: u64) -> Result<()> {
    std::thread::scope(|scope| {
        let make = |first: u64| {
            let mut connection = Connection::open(&server.address)?;
            (first..count)
                .step_by(usize::try_from(WRITERS)?)
                .try_for_each(|number| make_version(&mut connection, server, name, number))
        };
        let writers: Vec<_> = (0..WRITERS)
            .map(|first| scope.spawn(move || make(first)))
            .collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().expect("no request panics"))
    })
}

fn make_version(
    connection: &mut Connection,
    server: &ServerProcess,
    name: &str,
    number: u64,
) -> Result<()> {
    let etag = hex(Md5::digest(&number.to_le_bytes()));
    let manifest = format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{{"storageLayout":"V2"}},"contents":{{"a":{{"digest":"{etag}","ref":"s3://bucket/a","size":1}}}}}}"#
    );
    let digest = hex(Md5::digest(
        format!("wandb-artifact-manifest-v1\na:{etag}\n").as_bytes(),
    ));
    let writer = Writer::begin_with_digest(connection, server, name, &digest)?;
    let md5 = Md5::digest(manifest.as_bytes());
    let url = writer.manifest_url(connection, server, &md5)?;
    let request = Request {
        method: "PUT",
        target: ServerProcess::target(&url)?,
        authorization: None,
    };
    connection.ask(&request, manifest.as_bytes())?;
    writer.commit(connection, server)
}
