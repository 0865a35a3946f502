//! The resolver of `s3:` URIs.

use std::sync::Arc;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::client::{Bucket, Clients};
use super::config::S3Config;
use super::error::Failure;
use super::uri::{self, uri_of};
use super::{list, open};
use crate::net::ObjectUri;

/// Objects of Amazon S3 and compatible services.
///
/// # URIs
/// `s3://bucket/key`, where the key is the rest of the text as it is: nothing is percent-decoded, and `?` and `#` belong
/// to it, but for a last `?versionId=…`, the version to read. The recorded URI has no query; the version is in
/// `extra.versionID`.
///
/// # Prefixes
/// A URI without an object means the objects below `key/`, and `s3://bucket` for all of a bucket; `images`
/// never includes `images-old/…`. Where there is both an object and a prefix of that name, the URI is the object and
/// with a `/` at its end the prefix. An object of type `application/x-directory` is a prefix. Empty objects whose name
/// ends in `/` mark folders and are left out; one with content is an error, because it can be no file. All other
/// objects are kept, empty ones included.
///
/// In a versioned bucket the versions are listed, a thousand a request. Where that is not permitted but the objects show
/// that there are versions, the version of each is requested, many at once.
///
/// # Digests
/// With checksum the digest is the ETag without quotes, which is in `extra.etag`, too. Without checksum no request is sent:
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
    /// Returns the resolver; credentials and region are looked up on first use.
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
        let at = uri::parse(&uri)?;
        if !checksum {
            return uri::unresolved(&at, &uri).map(one);
        }
        let bucket = Bucket::new(self.clients, at.bucket.clone(), uri);
        let is_object = !at.key.is_empty() && !at.key.ends_with('/');
        if is_object || at.version.is_some() {
            if let Some(object) = describe(&bucket, &at).await? {
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
        let at = uri::parse(&object.uri)?;
        let bucket = Bucket::new(
            Arc::clone(&self.clients),
            at.bucket.clone(),
            object.uri.clone(),
        );
        open::open(&bucket, &at, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        let at = uri::parse(&object.uri)?;
        let bucket = Bucket::new(
            Arc::clone(&self.clients),
            at.bucket.clone(),
            object.uri.clone(),
        );
        open::check(&bucket, &at, object).await
    }
}

/// The permissions for a single object.
pub(super) const RIGHT: &str =
    "s3:GetObject for the object, and s3:ListBucket to tell a missing object from a forbidden one";

/// An object in a listing or in a response to HEAD.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) etag: Option<String>,
    pub(super) size: Option<i64>,
    pub(super) version: Option<String>,
    pub(super) is_folder: bool,
}

impl Found {
    /// Returns the record of the object at `key`, with the relative path `name`.
    pub(super) fn into_object(
        self,
        bucket: &Bucket,
        key: &str,
        name: &str,
    ) -> Result<ReferenceObject, ResolveError> {
        let uri = uri_of(&bucket.name, key, &bucket.uri)?;
        let mut extra = serde_json::Map::new();
        let digest = match self.etag.as_deref().map(|etag| etag.trim_matches('"')) {
            Some(etag) if !etag.is_empty() => {
                extra.insert("etag".to_owned(), etag.into());
                etag.to_owned()
            }
            // Without an ETag, the URI is the digest.
            _ => uri.as_str().to_owned(),
        };
        // In a bucket whose versioning came later, or is suspended, the version `null` is overwritten like any object.
        if let Some(version) = self
            .version
            .filter(|version| version != "null" && !version.is_empty())
        {
            extra.insert("versionID".to_owned(), version.into());
        }
        Ok(ReferenceObject {
            uri,
            relative_path: name.to_owned(),
            digest: EntryDigest::Opaque(digest.into()),
            size: self.size.and_then(|size| u64::try_from(size).ok()),
            extra,
        })
    }
}

/// Sends HEAD for an object, or for a version of it.
pub(super) async fn head(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<Found, Failure> {
    let found = bucket.call(|client| {
        client
            .head_object()
            .bucket(&bucket.name)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .send()
    });
    let found = found.await?;
    Ok(Found {
        is_folder: found
            .content_type()
            .is_some_and(|kind| kind.contains("x-directory")),
        etag: found.e_tag,
        size: found.content_length,
        version: found.version_id,
    })
}

/// Returns the object at `at`, if there is one.
async fn describe(
    bucket: &Bucket,
    at: &ObjectUri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    match head(bucket, &at.key, at.version.as_deref()).await {
        Ok(found) if found.is_folder && at.version.is_none() => Ok(None),
        Ok(found) => found.into_object(bucket, &at.key, at.file_name()).map(Some),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) if at.version.is_some() && failure.is_bad_version() => Ok(None),
        Err(failure) => Err(bucket.error(failure, RIGHT)),
    }
}
