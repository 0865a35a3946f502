//! A manifest, and the file that it is.

use artifact_core::ports::{DownloadTicket, ManifestReceipt, UploadTicket};
use async_graphql::{Context, ID, Object, Result};

use crate::graphql::context::request_context;
use crate::graphql::ids::encode;

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

    /// Returns a manifest that a client writes.
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

    /// Clients tell a manifest's URL by its `wandb_manifest.json`, and by the lack of `wandb_artifacts/`.
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
