//! A minimal client that does what the flows do, one call at a time, so that rules can stop anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use artifact_core::ports::{
    ArtifactRecord, ArtifactRegistry, BlobTransfer, CreateArtifact, CreateManifest,
    CreatedArtifact, DownloadRequest, DownloadSpec, DownloadTicket, Fetched, ManifestId,
    ManifestKind, RegistryError, UploadBody, UploadGrant, UploadSpec,
};
use artifact_core::records::{ArtifactId, ArtifactState, RunAddress};
use artifact_core::{ArtifactDigest, ContentDigest, DigestAlgorithm, LogicalPath, Metadata, Ttl};
use futures::StreamExt as _;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use twox_hash::XxHash3_128;

use crate::Fixture;

/// An artifact to log.
#[derive(Debug, Clone)]
pub struct Draft {
    registry: Arc<dyn ArtifactRegistry>,
    transfer: Arc<dyn BlobTransfer>,
    /// The request to the registry; its digest is set when it is sent.
    pub request: CreateArtifact,
    kind: ManifestKind,
    /// The run that writes the manifest.
    run: Option<RunAddress>,
    files: BTreeMap<LogicalPath, Vec<u8>>,
    references: BTreeMap<LogicalPath, Value>,
    /// Paths whose content an earlier version stored, by that version.
    kept: BTreeMap<LogicalPath, ArtifactId>,
    /// The version that this one follows, unless it is the newest.
    pub base: Option<ArtifactId>,
}

/// A pending version with a manifest.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The version.
    pub id: ArtifactId,
    /// Its manifest.
    pub manifest: ManifestId,
}

impl Draft {
    pub(crate) fn new(fixture: &Fixture, name: &str) -> Self {
        Self {
            registry: Arc::clone(&fixture.registry),
            transfer: Arc::clone(&fixture.transfer),
            request: CreateArtifact {
                project: fixture.project.clone(),
                name: name.parse().unwrap(),
                artifact_type: "dataset".parse().unwrap(),
                run: None,
                digest: ArtifactDigest::from_bytes([0; 16]),
                algorithm: DigestAlgorithm::Md5,
                description: None,
                metadata: Metadata::default(),
                ttl: Ttl::Inherit,
                aliases: Vec::new(),
                tags: Vec::new(),
                distributed_id: None,
                is_incremental: false,
            },
            kind: ManifestKind::Full,
            run: None,
            files: BTreeMap::new(),
            references: BTreeMap::new(),
            kept: BTreeMap::new(),
            base: None,
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files
            .insert(path.parse().unwrap(), content.as_ref().to_vec());
        self
    }

    /// Adds a reference with an opaque digest.
    #[must_use]
    pub fn reference(mut self, path: &str, uri: &str, size: u64) -> Self {
        let entry =
            json!({"digest": "opaque", "ref": uri, "size": size, "extra": {"etag": "opaque"}});
        self.references.insert(path.parse().unwrap(), entry);
        self
    }

    /// Takes over content of `version` without sending it.
    #[must_use]
    pub fn keep(mut self, path: &str, content: &[u8], version: &ArtifactId) -> Self {
        self.kept.insert(path.parse().unwrap(), version.clone());
        self.file(path, content)
    }

    /// Wants an alias.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.request.aliases.push(alias.parse().unwrap());
        self
    }

    /// Wants a tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.request.tags.push(tag.parse().unwrap());
        self
    }

    /// Makes it one run's part of the distributed version with this ID.
    #[must_use]
    pub fn share_of(mut self, run: &RunAddress, distributed_id: &str) -> Self {
        self.request.run = Some(run.id.clone());
        self.request.distributed_id = Some(distributed_id.to_owned());
        self.run = Some(run.clone());
        self.kind = ManifestKind::Patch;
        self
    }

    /// Puts it on top of the newest version.
    #[must_use]
    pub const fn incremental(mut self) -> Self {
        self.request.is_incremental = true;
        self.kind = ManifestKind::Incremental;
        self
    }

    /// Changes the request.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut CreateArtifact)) -> Self {
        change(&mut self.request);
        self
    }

    /// Returns the content of a file, by its path; nothing where the draft has no such file.
    #[must_use]
    pub fn content(&self, path: &LogicalPath) -> &[u8] {
        self.files.get(path).map_or(&[], Vec::as_slice)
    }

    /// Returns the digest of content, by the artifact's hash function.
    #[must_use]
    pub fn digest_of(&self, content: &[u8]) -> ContentDigest {
        content_digest(self.request.algorithm, content)
    }

    /// Returns the artifact's digest, over the lines that the protocol specifies.
    #[must_use]
    pub fn digest(&self) -> ArtifactDigest {
        let files = self
            .files
            .iter()
            .map(|(path, content)| (path, self.digest_of(content).to_string()));
        let references = self
            .references
            .keys()
            .map(|path| (path, "opaque".to_owned()));
        let entries: BTreeMap<_, _> = files.chain(references).collect();
        let lines = entries
            .iter()
            .map(|(path, digest)| format!("{path}:{digest}\n"));
        let text = "wandb-artifact-manifest-v1\n".to_owned() + &lines.collect::<String>();
        ArtifactDigest::from_bytes(*content_digest(self.request.algorithm, text.as_bytes()).bytes())
    }

    /// Returns what to request for the files, none of it offered beforehand.
    #[must_use]
    pub fn specs(&self) -> Vec<UploadSpec> {
        let sent = self
            .files
            .iter()
            .filter(|(path, _)| !self.kept.contains_key(*path));
        let specs = sent.map(|(path, content)| UploadSpec {
            path: path.clone(),
            digest: self.digest_of(content),
            size: Some(content.len() as u64),
            md5: Some(Md5::digest(content).into()),
            part_md5s: Vec::new(),
            stored_as: None,
        });
        specs.collect()
    }

    /// Returns the bytes of the manifest file.
    #[must_use]
    pub fn manifest_file(&self, births: &BTreeMap<LogicalPath, ArtifactId>) -> Vec<u8> {
        let mut contents: BTreeMap<&LogicalPath, Value> = BTreeMap::new();
        for (path, content) in &self.files {
            let birth = births
                .get(path)
                .or_else(|| self.kept.get(path))
                .map(|id| &id.0);
            let mut entry =
                json!({"digest": self.digest_of(content).to_string(), "size": content.len()});
            entry["birthArtifactID"] = json!(birth);
            if self.request.algorithm == DigestAlgorithm::Xxh128 {
                entry["extra"] = json!({"alg": "XXH128"});
            }
            contents.insert(path, entry);
        }
        contents.extend(
            self.references
                .iter()
                .map(|(path, entry)| (path, entry.clone())),
        );
        let contents: BTreeMap<&str, Value> = contents
            .into_iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .collect();
        let file = json!({
            "version": 1,
            "storagePolicy": "wandb-storage-policy-v1",
            "storagePolicyConfig": {"storageLayout": "V2"},
            "contents": contents,
        });
        file.to_string().into_bytes()
    }

    /// Creates the version.
    ///
    /// # Errors
    /// When the registry refuses.
    pub async fn create(&self) -> Result<CreatedArtifact, RegistryError> {
        let mut request = self.request.clone();
        request.digest = self.digest();
        self.registry.create_artifact(request).await
    }

    /// Creates the version, which must not be there yet, and its manifest.
    pub async fn begin(&self) -> Pending {
        let created = self.create().await.unwrap();
        assert_eq!(created.state, ArtifactState::Pending);
        self.begin_manifest(created).await
    }

    async fn begin_manifest(&self, created: CreatedArtifact) -> Pending {
        let request = CreateManifest {
            artifact: created.id.clone(),
            base: self.base.clone().or(created.latest),
            kind: self.kind,
            run: self.run.clone(),
            upload: None,
        };
        let receipt = self
            .registry
            .create_manifest(request.clone())
            .await
            .unwrap();
        assert_eq!(receipt.upload, None, "nothing is to be sent yet");
        if self.kind != ManifestKind::Patch {
            let again = self.registry.create_manifest(request).await.unwrap();
            assert_eq!(receipt.id, again.id, "a version has one manifest");
        }
        Pending {
            id: created.id,
            manifest: receipt.id,
        }
    }

    /// Requests uploads.
    pub async fn request(&self, pending: &Pending, specs: Vec<UploadSpec>) -> Vec<UploadGrant> {
        let granted = self
            .registry
            .request_uploads(&pending.id, &pending.manifest, specs)
            .await;
        granted.unwrap()
    }

    /// Offers the content while it is hashed, requests uploads for the rest, and sends it; returns the birth artifact
    /// of each file.
    pub async fn send_files(&self, pending: &Pending) -> BTreeMap<LogicalPath, ArtifactId> {
        let mut specs = self.specs();
        for spec in &mut specs {
            spec.stored_as = self
                .transfer
                .ingest_bytes(self.content(&spec.path))
                .unwrap();
        }
        let grants = self.request(pending, specs.clone()).await;
        assert_eq!(grants.len(), specs.len());
        let mut births = BTreeMap::new();
        for (spec, grant) in specs.into_iter().zip(grants) {
            if let Some(ticket) = &grant.ticket {
                let body = UploadBody::Bytes(self.content(&spec.path));
                self.transfer.upload(ticket, body, &|_| ()).await.unwrap();
            }
            births.insert(spec.path, grant.birth_artifact);
        }
        births
    }

    /// Sends a manifest file; fails where the registry refuses it already now.
    ///
    /// # Errors
    /// When the transfer fails, or the registry finds something wrong with it.
    pub async fn send_manifest(&self, pending: &Pending, file: &[u8]) -> Result<(), String> {
        let digest = content_digest(DigestAlgorithm::Md5, file);
        let receipt = if self.kind == ManifestKind::Full {
            let request = CreateManifest {
                artifact: pending.id.clone(),
                base: self.base.clone(),
                kind: self.kind,
                run: self.run.clone(),
                upload: Some(digest),
            };
            self.registry.create_manifest(request).await
        } else {
            let (artifact, manifest) = (&pending.id, &pending.manifest);
            self.registry
                .update_manifest(artifact, manifest, digest)
                .await
        };
        let ticket = receipt.unwrap().upload.expect("a manifest is always sent");
        let sent = self
            .transfer
            .upload(&ticket, UploadBody::Bytes(file), &|_| ())
            .await;
        sent.map_err(|error| chain(&error))
    }

    /// Does everything but the commit.
    pub async fn store(&self, pending: &Pending) {
        let births = self.send_files(pending).await;
        self.send_manifest(pending, &self.manifest_file(&births))
            .await
            .unwrap();
    }

    /// Logs the artifact, or finds it.
    pub async fn log(&self) -> ArtifactRecord {
        let created = self.create().await.unwrap();
        if created.state == ArtifactState::Committed {
            return self.registry.artifact(&created.id.into()).await.unwrap();
        }
        let pending = self.begin_manifest(created).await;
        self.store(&pending).await;
        self.registry.commit_artifact(&pending.id).await.unwrap()
    }

    /// Returns the content of these entries of a committed version.
    pub async fn fetch(&self, id: &ArtifactId, paths: &[&str]) -> Vec<Vec<u8>> {
        let request = self.download_request(id, paths);
        let tickets = self.registry.downloads(&request).await.unwrap();
        let mut contents = Vec::new();
        for ticket in tickets {
            contents.push(read(&*self.transfer, &ticket).await);
        }
        contents
    }

    /// Returns the request for the content of these entries of a committed version.
    #[must_use]
    pub fn download_request(&self, id: &ArtifactId, paths: &[&str]) -> DownloadRequest {
        let spec = |path: &&str| {
            let path = path.parse().unwrap();
            let content = self.content(&path);
            DownloadSpec {
                digest: self.digest_of(content),
                size: Some(content.len() as u64),
                birth_artifact: None,
                path,
            }
        };
        DownloadRequest {
            artifact: id.clone(),
            project: self.request.project.clone(),
            name: self.request.name.clone(),
            entries: paths.iter().map(spec).collect(),
        }
    }

    /// Returns the manifest file of a committed version.
    pub async fn fetch_manifest(&self, id: &ArtifactId) -> Vec<u8> {
        let location = self.registry.manifest(id).await.unwrap();
        read(&*self.transfer, &location.ticket).await
    }
}

/// Returns the message of an error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

pub(crate) async fn read(transfer: &dyn BlobTransfer, ticket: &DownloadTicket) -> Vec<u8> {
    match transfer.download(ticket, None).await.unwrap() {
        Fetched::File(path) =>
        {
            #[expect(
                clippy::disallowed_methods,
                reason = "a ticket of a local store names a file"
            )]
            std::fs::read(path).unwrap()
        }
        Fetched::Stream(mut chunks) => {
            let mut content = Vec::new();
            while let Some(chunk) = chunks.next().await {
                content.extend_from_slice(&chunk.unwrap());
            }
            content
        }
        other => panic!("{other:?} cannot be read here"),
    }
}

fn content_digest(algorithm: DigestAlgorithm, content: &[u8]) -> ContentDigest {
    match algorithm {
        DigestAlgorithm::Md5 => ContentDigest::Md5(Md5::digest(content).into()),
        DigestAlgorithm::Xxh128 => {
            ContentDigest::Xxh128(XxHash3_128::oneshot(content).to_be_bytes())
        }
    }
}
