//! The resolver of `gs:` URIs.

mod api;
mod config;
mod describe;
mod fetch;
mod list;
mod uri;

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

pub use config::{GsConfig, GsCredentials};

use api::Api;
use uri::GsUri;

/// Objects of Google Cloud Storage, by its JSON API.
///
/// # URIs
/// `gs://bucket/name`, where the name is the rest of the text as it is, without leading slashes: nothing is
/// percent-decoded, and `?` and `#` belong to it, but for a last `#` and digits, which ask for that generation. The
/// recorded URI has no generation; it is in `extra.versionID`, a number.
///
/// # Prefixes
/// A URI that names no object stands for the objects below `name/`, and `gs://bucket` for all of a bucket; `images` never
/// includes `images-old/…`. Where there is both an object and a prefix of that name, the URI is the object and with a
/// `/` at its end the prefix. Empty objects whose name ends in `/` only mark a folder and are left out; one with content
/// is an error. All other objects are kept, empty ones included.
///
/// # Digests
/// With checksum the digest is the `etag` of the JSON API, which is no digest of the content; it changes with the
/// object's metadata, too. Without checksum nothing is asked: the URI is one object, named by its whole name.
///
/// # Opening
/// The recorded generation is opened itself, and is the content that was recorded whatever the `etag` is now. Where it is
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
        let at = GsUri::parse(&uri)?;
        if !checksum {
            return at.unread(&uri).map(one);
        }
        if at.generation.is_some() || !(at.name.is_empty() || at.name.ends_with('/')) {
            if let Some(object) = describe::describe(&self.api, &at, &uri).await? {
                return Ok(one(object));
            }
            if at.generation.is_some() {
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
        fetch::open(&self.api, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        fetch::check(&self.api, object).await
    }
}
