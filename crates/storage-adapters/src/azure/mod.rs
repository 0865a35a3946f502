//! The resolver of the URLs of Azure Blob Storage.

mod api;
mod config;
mod describe;
mod entra;
mod fetch;
mod list;
mod listed;
mod shared_key;
mod url;

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use reqwest::Method;

pub use config::{AzureConfig, AzureCredential};

use api::Api;
use url::BlobUrl;

/// Blobs of Azure Storage, by its REST API.
///
/// # URLs
/// `https://<account>.blob.core.windows.net/<container>/<blob>`, and what starts with the URL of a configured account.
/// [`claims`](Self::claims) tells them from other `https:` URLs. The name is the rest of the path as it is; where there is
/// no such blob, percent-encoding is decoded. `?versionId=…` asks for that version; a shared access signature in the
/// query is used for the request, and then the whole query is dropped. The version is recorded in `extra.versionID`.
///
/// # Prefixes
/// A URL that names no blob stands for the blobs below `name/`, and one of a container for all of it. Where there is both
/// a blob and a prefix of that name, the URL is the blob and with a `/` at its end the prefix. Folders of a hierarchical
/// namespace and empty blobs whose name ends in `/` are left out; one with content is an error. All other blobs are kept,
/// empty ones included.
///
/// # Digests
/// With checksum the digest is the ETag without quotes, which is in `extra.etag`, too. It changes with every write, even
/// of equal content. Without checksum nothing is asked: the URL is one blob, named by its whole name.
///
/// # Opening
/// A recorded version is opened itself. Without one, content under another ETag is looked for among the older versions
/// of the blob; [`ResolveError::Changed`] names both ETags when it is not there. Content is checked against the
/// `Content-MD5` that the blob has.
///
/// # Rights
/// The role Storage Blob Data Reader, or the permissions `r` and, for prefixes, `l`.
///
/// # Memory
/// One page of a listing, five thousand blobs.
///
/// Source: the Azure handler of wandb 0.31.0, which finds nothing behind a URL that ends in `/`, knows no whole
/// containers, gives no entries and no error for nothing, and keeps the first of too many blobs.
#[derive(Debug, Clone)]
pub struct AzureResolver {
    api: Arc<Api>,
}

impl AzureResolver {
    /// Returns the resolver.
    #[must_use]
    pub fn new(config: AzureConfig) -> Self {
        Self {
            api: Arc::new(Api::new(config)),
        }
    }

    /// Whether `uri` names a blob, or blobs, rather than any other file behind HTTP.
    #[must_use]
    pub fn claims(&self, uri: &ReferenceUri) -> bool {
        self.api.config.account_of(uri.as_str()).is_some()
    }

    async fn start(
        self,
        uri: ReferenceUri,
        checksum: bool,
    ) -> Result<BoxStream<'static, Result<ReferenceObject, ResolveError>>, ResolveError> {
        let one = |object| stream::once(std::future::ready(Ok(object))).boxed();
        let at = BlobUrl::parse(&uri, &self.api.config)?;
        if !checksum {
            return at.unread(&uri).map(one);
        }
        if at.version.is_some() || !(at.name.is_empty() || at.name.ends_with('/')) {
            for at in at.spellings() {
                if let Some(object) = describe::describe(&self.api, &at, &uri).await? {
                    return Ok(one(object));
                }
            }
            if at.version.is_some() {
                return Err(ResolveError::NotFound { uri });
            }
        }
        Ok(list::list(self.api, at, uri))
    }
}

#[async_trait]
impl ReferenceResolver for AzureResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        stream::once(self.clone().start(uri.clone(), checksum))
            .try_flatten()
            .boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        fetch::open(&self.api, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        fetch::find(&self.api, Method::HEAD, object).await.map(drop)
    }
}
