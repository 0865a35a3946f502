//! Files of versions, manifests, and files of runs.

use artifact_core::ports::{DownloadTicket, ManifestReceipt, UploadTicket};
use artifact_core::records::{ArtifactId, RunAddress, RunFile, Version};
use artifact_core::{DigestAlgorithm, EntryDigest, LogicalPath};
use artifact_store::service::{EntryLocation, VersionEntry};
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::graphql::connection::connection;
use crate::graphql::context::request_context;
use crate::graphql::scalars::encode;
use crate::graphql::scalars::{DateTime, Int64};

/// A file of a version: stored, a reference, or about to be uploaded.
pub(crate) struct FileNode {
    version: ArtifactId,
    /// The version's row number.
    number: i64,
    created_at: DateTime,
    path: LogicalPath,
    digest: EntryDigest,
    size: Option<u64>,
    birth: Option<ArtifactId>,
    place: Place,
}

/// Location of the content, or the upload that it needs.
enum Place {
    At(EntryLocation),
    /// `None` if the store has the content already.
    Sent(Option<Upload>),
}

/// Tickets for uploading a file, whole or in parts.
pub(crate) struct Upload {
    pub(crate) whole: UploadTicket,
    pub(crate) parts: Option<(String, Vec<(u32, UploadTicket)>)>,
}

connection! {
    /// Files of a version.
    FileConnection, FileEdge, FileNode
}

impl FileNode {
    /// Returns a file that is an entry of the version.
    pub(crate) fn of_entry(version: &Version, entry: VersionEntry) -> Self {
        Self {
            version: version.id.clone(),
            number: version.number,
            created_at: version.created_at.into(),
            path: entry.path,
            digest: entry.digest,
            size: entry.size,
            birth: entry.birth,
            place: Place::At(entry.location),
        }
    }

    /// Returns a file that may have to be uploaded.
    pub(crate) fn pending(
        version: &Version,
        path: LogicalPath,
        digest: EntryDigest,
        birth: ArtifactId,
        upload: Option<Upload>,
    ) -> Self {
        Self {
            version: version.id.clone(),
            number: version.number,
            created_at: version.created_at.into(),
            path,
            digest,
            size: None,
            birth: Some(birth),
            place: Place::Sent(upload),
        }
    }

    fn upload(&self) -> Option<&Upload> {
        match &self.place {
            Place::Sent(upload) => upload.as_ref(),
            Place::At(_) => None,
        }
    }

    fn url(&self, context: &Context<'_>) -> Option<String> {
        match &self.place {
            Place::At(EntryLocation::Stored(ticket)) => {
                let number = self.number.to_string();
                let mut path = vec!["wandb_artifacts", &number];
                path.extend(self.path.components());
                Some(request_context(context).urls.download(ticket, &path))
            }
            Place::At(EntryLocation::Reference(reference)) => Some(reference.as_str().to_owned()),
            Place::Sent(_) => None,
        }
    }
}

#[Object(name = "File")]
impl FileNode {
    async fn id(&self) -> ID {
        encode(
            "ArtifactFile",
            format_args!("{}:{}", self.number, self.path),
        )
    }

    async fn name(&self) -> &str {
        self.path.as_str()
    }

    async fn display_name(&self) -> &str {
        self.path.as_str()
    }

    #[graphql(name = "url")]
    async fn plain_url(
        &self,
        context: &Context<'_>,
        #[graphql(name = "upload")] _upload: Option<bool>,
    ) -> Option<String> {
        self.url(context)
    }

    /// A URL that needs no API key; the URI of a reference.
    async fn direct_url(&self, context: &Context<'_>) -> String {
        self.url(context).unwrap_or_default()
    }

    async fn size_bytes(&self) -> Int64 {
        Int64::of(self.size.unwrap_or_default())
    }

    async fn storage_path(&self) -> String {
        format!("wandb_artifacts/{}/{}", self.number, self.path)
    }

    async fn mimetype(&self) -> Option<&'static str> {
        artifact_store::media_type(self.path.as_str())
    }

    async fn updated_at(&self) -> DateTime {
        self.created_at.clone()
    }

    async fn digest(&self) -> String {
        self.digest.to_string()
    }

    async fn md5(&self) -> Option<String> {
        let content = self.digest.content()?;
        (content.algorithm() == DigestAlgorithm::Md5).then(|| content.to_string())
    }

    async fn upload_url(&self, context: &Context<'_>) -> Option<String> {
        let upload = self.upload()?;
        Some(request_context(context).urls.upload(&upload.whole))
    }

    async fn upload_headers(&self) -> Vec<String> {
        Vec::new()
    }

    async fn upload_multipart_urls(&self, context: &Context<'_>) -> Option<UploadParts> {
        let (id, parts) = self.upload()?.parts.as_ref()?;
        let urls = &request_context(context).urls;
        let parts = parts.iter().map(|(number, ticket)| UploadPart {
            part_number: Int64((*number).into()),
            upload_url: urls.upload(ticket),
        });
        Some(UploadParts {
            upload_id: id.clone(),
            upload_url_parts: parts.collect(),
        })
    }

    /// The version that stored the content first; clients write its ID into their manifests.
    async fn artifact(&self, context: &Context<'_>) -> Result<Option<FileArtifact>> {
        let _ = context;
        let id = self.birth.as_ref().unwrap_or(&self.version);
        Ok(Some(FileArtifact {
            id: ID(id.0.clone()),
        }))
    }
}

/// The version that stored a file first, reduced to its ID.
#[derive(SimpleObject)]
pub(crate) struct FileArtifact {
    id: ID,
}

/// A multipart upload.
#[derive(SimpleObject)]
pub(crate) struct UploadParts {
    #[graphql(name = "uploadID")]
    upload_id: String,
    upload_url_parts: Vec<UploadPart>,
}

/// The upload URL of one part.
#[derive(SimpleObject)]
pub(crate) struct UploadPart {
    part_number: Int64,
    upload_url: String,
}

/// A manifest.
pub(crate) struct ManifestNode {
    id: ID,
    stored: Option<DownloadTicket>,
    upload: Option<UploadTicket>,
}

impl ManifestNode {
    /// Returns the manifest of a committed version.
    pub(crate) fn stored(version: i64, ticket: DownloadTicket) -> Self {
        Self {
            id: encode("ArtifactManifestOf", version),
            stored: Some(ticket),
            upload: None,
        }
    }

    /// Returns a manifest that a client is about to upload.
    pub(crate) fn written(receipt: ManifestReceipt) -> Self {
        Self {
            id: ID(receipt.id.0),
            stored: None,
            upload: receipt.upload,
        }
    }
}

#[Object(name = "ArtifactManifest")]
impl ManifestNode {
    async fn id(&self) -> ID {
        self.id.clone()
    }

    async fn file(&self) -> ManifestFile {
        ManifestFile {
            id: self.id.clone(),
            stored: self.stored.clone(),
            upload: self.upload.clone(),
        }
    }
}

/// The file of a manifest.
pub(crate) struct ManifestFile {
    id: ID,
    stored: Option<DownloadTicket>,
    upload: Option<UploadTicket>,
}

#[Object]
impl ManifestFile {
    async fn id(&self) -> ID {
        self.id.clone()
    }

    async fn name(&self) -> &str {
        "wandb_manifest.json"
    }

    /// Clients recognize the URL of a manifest by `wandb_manifest.json` in it, and by the absence of
    /// `wandb_artifacts/`.
    async fn direct_url(&self, context: &Context<'_>) -> Result<String> {
        let ticket = self
            .stored
            .as_ref()
            .ok_or("the manifest is not stored yet")?;
        Ok(request_context(context)
            .urls
            .download(ticket, &["wandb_manifest.json"]))
    }

    async fn upload_url(&self, context: &Context<'_>) -> Option<String> {
        let ticket = self.upload.as_ref()?;
        Some(request_context(context).urls.upload(ticket))
    }

    async fn upload_headers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A file of a run.
pub(crate) struct RunFileNode {
    pub(crate) run: RunAddress,
    pub(crate) file: RunFile,
}

impl RunFileNode {
    /// Prefix of the IDs of run files.
    pub(crate) const KIND: &'static str = "RunFile";
}

connection! {
    /// Files of a run.
    RunFileConnection, RunFileEdge, RunFileNode
}

#[Object(name = "RunFile")]
impl RunFileNode {
    async fn id(&self) -> ID {
        encode(Self::KIND, self.file.number)
    }

    async fn name(&self) -> &str {
        self.file.name.as_str()
    }

    async fn display_name(&self) -> &str {
        self.file.name.as_str()
    }

    /// Needs the API key, which clients send only to the base URL that they are configured with.
    async fn url(
        &self,
        context: &Context<'_>,
        #[graphql(name = "upload")] _upload: Option<bool>,
    ) -> String {
        request_context(context)
            .urls
            .run_file(&self.run, &self.file.name)
    }

    /// Needs no API key.
    async fn direct_url(&self, context: &Context<'_>) -> String {
        let mut path = vec!["run_files", self.run.id.as_str()];
        path.extend(self.file.name.components());
        request_context(context)
            .urls
            .download(&self.file.ticket, &path)
    }

    async fn size_bytes(&self) -> Int64 {
        Int64::of(self.file.size)
    }

    async fn mimetype(&self) -> Option<&str> {
        self.file.mimetype.as_deref()
    }

    async fn updated_at(&self) -> DateTime {
        self.file.updated_at.into()
    }

    async fn md5(&self) -> String {
        self.file.md5.to_string()
    }

    async fn digest(&self) -> String {
        self.file.md5.to_string()
    }
}
