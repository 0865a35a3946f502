//! The resolver of the URLs of Azure Blob Storage.

use std::sync::Arc;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use reqwest::{Method, Response, header};

use super::client::Api;
use super::config::AzureConfig;
use super::list::Blob;
use super::uri::BlobUrl;
use super::{list, open};

/// Blobs of Azure Storage, by its REST API.
///
/// # URLs
/// `https://<account>.blob.core.windows.net/<container>/<blob>`, and what starts with the URL of a configured account.
/// [`claims`](Self::claims) tells them from other `https:` URLs. The name is the rest of the path as it is; where there is
/// no such blob, percent-encoding is decoded. `?versionId=…` names the version; a shared access signature in the
/// query is used for the request, and then the whole query is dropped. The version is recorded in `extra.versionID`.
///
/// # Prefixes
/// A URL without a blob means the blobs below `name/`, and one of a container for all of it. Where there is both
/// a blob and a prefix of that name, the URL is the blob and with a `/` at its end the prefix. Folders of a hierarchical
/// namespace and empty blobs whose name ends in `/` are left out; one with content is an error. All other blobs are kept,
/// empty ones included.
///
/// # Digests
/// With checksum the digest is the ETag without quotes, which is in `extra.etag`, too. It changes with every write, even
/// of equal content. Without checksum no request is sent: the URL is one blob, named by its whole name.
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
            return at.unresolved(&uri).map(one);
        }
        if at.object.version.is_some()
            || !(at.object.key.is_empty() || at.object.key.ends_with('/'))
        {
            for at in at.spellings() {
                if let Some(object) = describe(&self.api, &at, &uri).await? {
                    return Ok(one(object));
                }
            }
            if at.object.version.is_some() {
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
        open::open(&self.api, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        open::find(&self.api, Method::HEAD, object).await.map(drop)
    }
}

/// Returns the blob at `at`, if there is one.
async fn describe(
    api: &Api,
    at: &BlobUrl,
    uri: &ReferenceUri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    let response = match api.blob(Method::HEAD, at, uri).await {
        Ok(response) => response,
        Err(ResolveError::NotFound { uri: missing }) if missing == *uri => return Ok(None),
        Err(error) => return Err(error),
    };
    let blob = blob_of(&response, at);
    if blob.is_folder && at.object.version.is_none() {
        return Ok(None);
    }
    object(blob, at, at.object.file_name().to_owned(), uri).map(Some)
}

fn blob_of(response: &Response, at: &BlobUrl) -> Blob {
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let length = header(header::CONTENT_LENGTH.as_str());
    Blob {
        name: at.object.key.clone(),
        etag: etag(response),
        size: length.and_then(|length| length.parse().ok()),
        version: header("x-ms-version-id"),
        is_folder: header("x-ms-meta-hdi_isfolder").as_deref() == Some("true"),
    }
}

/// Returns the ETag without its quotes.
pub(super) fn etag(response: &Response) -> String {
    let value = response.headers().get(header::ETAG);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim_matches('"').to_owned()
}

/// Returns the record of a blob in the container of `at`.
pub(super) fn object(
    blob: Blob,
    at: &BlobUrl,
    relative_path: String,
    asked: &ReferenceUri,
) -> Result<ReferenceObject, ResolveError> {
    let uri = at.recorded(&blob.name, asked)?;
    let mut extra = serde_json::Map::new();
    let digest = if blob.etag.is_empty() {
        uri.as_str().to_owned()
    } else {
        extra.insert("etag".to_owned(), blob.etag.as_str().into());
        blob.etag
    };
    if let Some(version) = blob.version {
        extra.insert("versionID".to_owned(), version.into());
    }
    Ok(ReferenceObject {
        uri,
        relative_path,
        digest: EntryDigest::Opaque(digest.into()),
        size: blob.size,
        extra,
    })
}
