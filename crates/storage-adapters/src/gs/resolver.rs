//! The resolver of `gs:` URIs.

use std::sync::Arc;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::client::{Api, Metadata};
use super::config::GsConfig;
use super::uri::{self, GsUri, uri_of};
use super::{list, open};

/// Objects of Google Cloud Storage, by its JSON API.
///
/// # URIs
/// `gs://bucket/name`, where the name is the rest of the text as it is, without leading slashes: nothing is
/// percent-decoded, and `?` and `#` belong to it, but for a last `#` and digits, the generation to read. The
/// recorded URI has no generation; it is in `extra.versionID`, a number.
///
/// # Prefixes
/// A URI without an object means the objects below `name/`, and `gs://bucket` for all of a bucket; `images` never
/// includes `images-old/…`. Where there is both an object and a prefix of that name, the URI is the object and with a
/// `/` at its end the prefix. Empty objects whose name ends in `/` mark folders and are left out; one with content
/// is an error. All other objects are kept, empty ones included.
///
/// # Digests
/// With checksum the digest is the `etag` of the JSON API, which is no digest of the content; it changes with the
/// object's metadata, too. Without checksum no request is sent: the URI is one object, named by its whole name.
///
/// # Opening
/// The recorded generation is opened itself, and is the content that was recorded whatever the `etag` is now. If it is
/// gone, the current one is opened if it has the recorded `etag`, and else [`ResolveError::Changed`] names both. Content
/// is checked against the MD5 or CRC32C that the store keeps. Objects that are stored compressed come as they are
/// stored.
///
/// # Rights
/// `storage.objects.get` for objects, `storage.objects.list` for prefixes.
///
/// # Memory
/// A page of a listing has a thousand objects. A longer one is listed in up to 8 ranges at once, cut where its folders are,
/// of each of which 4 pages wait: 32,000 objects at most.
///
/// Source: the GCS handler of wandb 0.31.0, which takes in siblings of a prefix under wrong references, knows no whole
/// buckets, gives no entries and no error for nothing, cuts listings off at the limit, and does not check content.
#[derive(Debug, Clone)]
pub struct GsResolver {
    api: Arc<Api>,
}

impl GsResolver {
    /// Returns the resolver; credentials are looked for when it is first used.
    #[must_use]
    pub fn new(config: GsConfig) -> Self {
        Self {
            api: Arc::new(Api::new(config)),
        }
    }

    async fn start(
        self,
        uri: ReferenceUri,
        checksum: bool,
    ) -> Result<BoxStream<'static, Result<ReferenceObject, ResolveError>>, ResolveError> {
        let one = |object| stream::once(std::future::ready(Ok(object))).boxed();
        let at = uri::parse(&uri)?;
        if !checksum {
            return uri::unresolved(&at, &uri).map(one);
        }
        if at.version.is_some() || !(at.key.is_empty() || at.key.ends_with('/')) {
            if let Some(object) = describe(&self.api, &at, &uri).await? {
                return Ok(one(object));
            }
            if at.version.is_some() {
                return Err(ResolveError::NotFound { uri });
            }
        }
        Ok(list::list(self.api, at, uri))
    }
}

#[async_trait]
impl ReferenceResolver for GsResolver {
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
        open::check(&self.api, object).await
    }
}

/// Returns the object at `at`, if there is one.
async fn describe(
    api: &Api,
    at: &GsUri,
    uri: &ReferenceUri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    match api.metadata(at, uri).await {
        Ok(found) => object(found, at, at.file_name().to_owned(), uri).map(Some),
        Err(ResolveError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the record of an object in the bucket of `at`.
pub(super) fn object(
    found: Metadata,
    at: &GsUri,
    relative_path: String,
    asked: &ReferenceUri,
) -> Result<ReferenceObject, ResolveError> {
    let uri = uri_of(&at.bucket, &found.name, asked)?;
    let digest = found.etag.unwrap_or_else(|| uri.as_str().to_owned());
    let mut extra = serde_json::Map::new();
    if let Some(generation) = found.generation {
        extra.insert("versionID".to_owned(), generation.into());
    }
    Ok(ReferenceObject {
        uri,
        relative_path,
        digest: EntryDigest::Opaque(digest.into()),
        size: found.size,
        extra,
    })
}
