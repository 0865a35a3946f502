//! The resolver of `s3:` URIs.

mod bucket;
mod check;
mod clients;
mod config;
mod describe;
mod error;
mod fetch;
mod list;
mod pages;
mod uri;
mod versioning;
mod versions;

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

pub use config::{S3Addressing, S3Config, S3Credentials};

use bucket::Bucket;
use clients::Clients;
use uri::S3Uri;

/// Objects of Amazon S3, and of everything that speaks its protocol.
///
/// # URIs
/// `s3://bucket/key`, where the key is the rest of the text as it is: nothing is percent-decoded, and `?` and `#` belong
/// to it, but for a last `?versionId=…`, which asks for that version. The recorded URI has no query; the version is in
/// `extra.versionID`.
///
/// # Prefixes
/// A URI that names no object stands for the objects below `key/`, and `s3://bucket` for all of a bucket; `images`
/// never includes `images-old/…`. Where there is both an object and a prefix of that name, the URI is the object and
/// with a `/` at its end the prefix. An object of type `application/x-directory` is a prefix. Empty objects whose name
/// ends in `/` only mark a folder and are left out; one with content is an error, because it can be no file. All other
/// objects are kept, empty ones included.
///
/// In a versioned bucket the versions are listed, a thousand a request. Where that is not permitted but the objects show
/// that there are versions, each is asked for its own, many at once.
///
/// # Digests
/// With checksum the digest is the ETag without quotes, which is in `extra.etag`, too. Without checksum nothing is asked:
/// the URI is one object, named by its whole key, and `?versionId=` is recorded still.
///
/// # Opening
/// A recorded version is opened itself. Without one, content under another ETag is looked for among the older versions
/// of the object; [`ResolveError::Changed`] names both ETags when it is not there. Where the ETag is an MD5 (one part,
/// no encryption by key), and where the store keeps a checksum, content is checked while it is read.
///
/// # Regions and rights
/// A bucket in another region than the configured one is found there. Needed are `s3:GetObject` for objects, and
/// `s3:ListBucket` for prefixes and to tell a missing object from a forbidden one; with `s3:GetBucketVersioning`,
/// `s3:ListBucketVersions` and `s3:GetObjectVersion` the versions are listed and opened.
///
/// # Memory
/// A page of a listing has a thousand objects. A longer one, unless it is of versions, is listed in up to 8 ranges at
/// once, cut where its folders are, of each of which 4 pages wait: 32,000 objects at most.
///
/// Source: the S3 handler of wandb 0.31.0, which records the current version whatever `?versionId=` asks for, takes in
/// siblings of a prefix, loses empty objects and double slashes, gives wrong references for whole buckets, no entries and
/// no error for nothing, cuts listings off at the limit, and asks for each object of a prefix.
#[derive(Debug, Clone)]
pub struct S3Resolver {
    clients: Arc<Clients>,
}

impl S3Resolver {
    /// Returns the resolver; credentials and region are looked for when it is first used.
    #[must_use]
    pub fn new(config: S3Config) -> Self {
        Self {
            clients: Arc::new(Clients::new(config)),
        }
    }

    async fn start(
        self,
        uri: ReferenceUri,
        checksum: bool,
    ) -> Result<BoxStream<'static, Result<ReferenceObject, ResolveError>>, ResolveError> {
        let one = |object| stream::once(std::future::ready(Ok(object))).boxed();
        let at = S3Uri::parse(&uri)?;
        if !checksum {
            return at.unread(&uri).map(one);
        }
        let bucket = Bucket::new(self.clients, at.bucket.clone(), uri);
        let is_object = !at.key.is_empty() && !at.key.ends_with('/');
        if is_object || at.version.is_some() {
            if let Some(object) = describe::describe(&bucket, &at).await? {
                return Ok(one(object));
            }
            if at.version.is_some() {
                return Err(ResolveError::NotFound { uri: bucket.uri });
            }
        }
        list::list(bucket, at.as_prefix()).await
    }
}

#[async_trait]
impl ReferenceResolver for S3Resolver {
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
        let at = S3Uri::parse(&object.uri)?;
        let bucket = Bucket::new(
            Arc::clone(&self.clients),
            at.bucket.clone(),
            object.uri.clone(),
        );
        fetch::open(&bucket, &at, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        let at = S3Uri::parse(&object.uri)?;
        let bucket = Bucket::new(
            Arc::clone(&self.clients),
            at.bucket.clone(),
            object.uri.clone(),
        );
        check::check(&bucket, &at, object).await
    }
}
