//! What a single object is recorded as.

use artifact_core::EntryDigest;
use artifact_core::ports::{ReferenceObject, ResolveError};

use super::bucket::Bucket;
use super::error::Failure;
use super::uri::{S3Uri, uri_of};

/// What is needed to ask for one object.
pub(super) const RIGHT: &str =
    "s3:GetObject for the object, and s3:ListBucket to tell a missing object from a forbidden one";

/// What a listing or a HEAD says of an object.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) etag: Option<String>,
    pub(super) size: Option<i64>,
    pub(super) version: Option<String>,
    pub(super) is_folder: bool,
}

impl Found {
    /// Returns the object at `key`, which is called `name`.
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
            // A service without ETags: the URI stands for the content.
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

/// Asks for one object, or one version of it.
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

/// Returns the object that `at` names, unless there is none.
pub(super) async fn describe(
    bucket: &Bucket,
    at: &S3Uri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    match head(bucket, &at.key, at.version.as_deref()).await {
        Ok(found) if found.is_folder && at.version.is_none() => Ok(None),
        Ok(found) => found.into_object(bucket, &at.key, at.file_name()).map(Some),
        Err(failure) if failure.is_missing() => Ok(None),
        Err(failure) if at.version.is_some() && failure.is_bad_version() => Ok(None),
        Err(failure) => Err(bucket.error(failure, RIGHT)),
    }
}
