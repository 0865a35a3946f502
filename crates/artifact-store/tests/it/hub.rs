//! A client elsewhere: what one does, call by call, over the face that the engine shows a server.

use std::collections::BTreeMap;
use std::path::Path;

use artifact_core::ports::{
    BlobTransfer as _, CreateArtifact, CreateManifest, CreatedArtifact, DownloadTicket, Fetched,
    ManifestId, ManifestKind, TransferError, UploadBody, UploadSpec,
};
use artifact_core::records::{
    ArtifactId, ArtifactState, RunAddress, RunChanges, RunStorageId, Version,
};
use artifact_core::{
    ContentDigest, DigestAlgorithm, LogicalPath, Metadata, ProjectAddress, Timestamp, Ttl,
};
use artifact_store::service::{Caller, CreateVersion, Deduplication, ListQuery, Service};
use artifact_store::{Engine, EngineOptions, StoreError};
use manifest::{ContentHasher, Manifest, ManifestEntry};

use crate::store::{Store, open_or_create};

/// Files by path.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// An engine, and what it answers the operator.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) engine: Engine,
    pub(crate) service: Service,
    pub(crate) project: ProjectAddress,
}

pub(crate) fn md5(bytes: &[u8]) -> ContentDigest {
    let mut hasher = ContentHasher::new(DigestAlgorithm::Md5);
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn manifest_of(files: Files<'_>) -> Manifest {
    let entries = files.iter().map(|(path, content)| {
        let entry = ManifestEntry::file(md5(content.as_bytes()), content.len() as u64);
        (path.parse::<LogicalPath>().unwrap(), entry)
    });
    entries.collect()
}

impl Hub {
    pub(crate) fn open(store: &Store) -> Self {
        Self::at(store.path())
    }

    /// Opens an engine whose clock stands at a time.
    pub(crate) fn open_at(store: &Store, millis: i64) -> Self {
        let clock = move || Timestamp::from_unix_millis(millis);
        Self::with(store.path(), EngineOptions::default().clock(clock))
    }

    /// Opens an engine over a folder.
    pub(crate) fn at(folder: &Path) -> Self {
        Self::with(folder, EngineOptions::default())
    }

    fn with(folder: &Path, options: EngineOptions) -> Self {
        Self::over(&open_or_create(folder, options).unwrap())
    }

    /// Asks an engine.
    pub(crate) fn over(engine: &Engine) -> Self {
        Self {
            service: engine.service(Caller::Operator),
            engine: engine.clone(),
            project: ProjectAddress {
                entity: "team".parse().unwrap(),
                project: "vision".parse().unwrap(),
            },
        }
    }

    pub(crate) fn run(&self, id: &str) -> (RunAddress, RunStorageId) {
        let address = RunAddress {
            project: self.project.clone(),
            id: id.parse().unwrap(),
        };
        let changes = RunChanges::default();
        let (run, _) = self.service.upsert_run(&address, &changes).unwrap();
        (address, run.id)
    }

    /// Returns the request for a version with these files.
    pub(crate) fn request(&self, name: &str, files: Files<'_>) -> CreateVersion {
        CreateVersion {
            artifact: CreateArtifact {
                project: self.project.clone(),
                name: name.parse().unwrap(),
                artifact_type: "dataset".parse().unwrap(),
                run: None,
                digest: manifest_of(files).digest(DigestAlgorithm::Md5),
                algorithm: DigestAlgorithm::Md5,
                description: None,
                metadata: Metadata::default(),
                ttl: Ttl::Inherit,
                aliases: Vec::new(),
                tags: Vec::new(),
                distributed_id: None,
                is_incremental: false,
            },
            history_step: None,
            client_id: None,
            sequence_client_id: None,
            deduplication: Deduplication::Any,
        }
    }

    pub(crate) fn create(&self, request: &CreateVersion) -> CreatedArtifact {
        self.service.create_version(request).unwrap()
    }

    /// Creates a manifest of a pending version.
    pub(crate) fn manifest(
        &self,
        artifact: &ArtifactId,
        kind: ManifestKind,
        run: Option<&RunAddress>,
    ) -> ManifestId {
        let request = CreateManifest {
            artifact: artifact.clone(),
            base: None,
            kind,
            run: run.cloned(),
            upload: None,
        };
        self.service.create_manifest(&request).unwrap().id
    }

    /// Asks for the files of a manifest and sends those that must be; returns how many.
    pub(crate) async fn send_files(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        files: Files<'_>,
    ) -> usize {
        let specs: Vec<_> = files
            .iter()
            .map(|(path, content)| UploadSpec {
                path: path.parse().unwrap(),
                digest: md5(content.as_bytes()),
                size: None,
                md5: None,
                part_md5s: Vec::new(),
                stored_as: None,
            })
            .collect();
        let asked = self
            .service
            .request_uploads(artifact, Some(manifest), &specs);
        let mut sent = 0;
        for (grant, (_, content)) in asked.unwrap().into_iter().zip(files) {
            let Some(ticket) = grant.ticket else { continue };
            let body = UploadBody::Bytes(content.as_bytes());
            self.engine.upload(&ticket, body, &|_| ()).await.unwrap();
            sent += 1;
        }
        sent
    }

    /// Announces and sends the manifest file.
    pub(crate) async fn send_manifest(
        &self,
        manifest: &ManifestId,
        files: Files<'_>,
    ) -> Result<(), TransferError> {
        let bytes = manifest_of(files).write(Vec::new()).unwrap();
        let receipt = self.service.update_manifest(manifest, md5(&bytes)).unwrap();
        let body = UploadBody::Bytes(&bytes);
        self.engine
            .upload(&receipt.upload.unwrap(), body, &|_| ())
            .await
    }

    /// Does everything that comes before the commit.
    pub(crate) async fn store(
        &self,
        artifact: &ArtifactId,
        kind: ManifestKind,
        run: Option<&RunAddress>,
        files: Files<'_>,
    ) -> Result<(), TransferError> {
        let manifest = self.manifest(artifact, kind, run);
        self.send_files(artifact, &manifest, files).await;
        self.send_manifest(&manifest, files).await
    }

    pub(crate) fn commit(&self, artifact: &ArtifactId) -> Result<Version, StoreError> {
        self.service.commit_version(artifact)
    }

    /// Logs a version as clients do.
    pub(crate) async fn log_as(&self, request: &CreateVersion, files: Files<'_>) -> Version {
        let created = self.create(request);
        if created.state == ArtifactState::Committed {
            return self.service.version(&created.id).unwrap().unwrap();
        }
        let stored = self.store(&created.id, ManifestKind::Full, None, files);
        stored.await.unwrap();
        self.commit(&created.id).unwrap()
    }

    pub(crate) async fn log(&self, name: &str, files: Files<'_>) -> Version {
        self.log_as(&self.request(name, files), files).await
    }

    pub(crate) async fn read(&self, ticket: &DownloadTicket) -> Vec<u8> {
        match self.engine.download(ticket, None).await.unwrap() {
            Fetched::File(path) => std::fs::read(path).unwrap(),
            other => panic!("{other:?} is no file"),
        }
    }

    /// Returns the manifest file of a version.
    pub(crate) async fn manifest_file(&self, id: &ArtifactId) -> Vec<u8> {
        let ticket = self.service.manifest_ticket(id).unwrap().unwrap();
        self.read(&ticket).await
    }

    /// Returns the paths of a version and the content at each.
    pub(crate) async fn contents(&self, id: &ArtifactId) -> BTreeMap<String, String> {
        use artifact_store::service::EntryLocation;

        let entries = self.service.entries(id, &[], &ListQuery::default());
        let mut contents = BTreeMap::new();
        for listed in entries.unwrap().items {
            let content = match &listed.item.location {
                EntryLocation::Stored(ticket) => self.read(ticket).await,
                EntryLocation::Reference(uri) => uri.as_str().as_bytes().to_vec(),
            };
            let path = listed.item.path.to_string();
            contents.insert(path, String::from_utf8(content).unwrap());
        }
        contents
    }
}

/// Returns contents as [`Hub::contents`] does.
pub(crate) fn expected(files: Files<'_>) -> BTreeMap<String, String> {
    let owned = files
        .iter()
        .map(|(path, content)| ((*path).to_owned(), (*content).to_owned()));
    owned.collect()
}
