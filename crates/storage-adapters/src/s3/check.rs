//! Whether a recorded object can still be had.

use artifact_core::ports::{ReferenceObject, ResolveError};

use super::bucket::Bucket;
use super::describe::{self, RIGHT};
use super::fetch::{recorded_etag, recorded_version};
use super::uri::S3Uri;
use super::versions;

/// Asks what [`fetch::open`](super::fetch::open) would find, with HEAD.
pub(super) async fn check(
    bucket: &Bucket,
    at: &S3Uri,
    object: &ReferenceObject,
) -> Result<(), ResolveError> {
    let version = recorded_version(at, object);
    let found = match describe::head(bucket, &at.key, version).await {
        Ok(found) => found.etag.unwrap_or_default(),
        Err(failure) if version.is_some() && failure.is_bad_version() => {
            return Err(ResolveError::NotFound {
                uri: object.uri.clone(),
            });
        }
        Err(failure) => return Err(bucket.error(failure, RIGHT)),
    };
    let found = found.trim_matches('"');
    let Some(recorded) = recorded_etag(object).filter(|recorded| *recorded != found) else {
        return Ok(());
    };
    if version.is_none() && versions::find(bucket, &at.key, recorded).await.is_some() {
        return Ok(());
    }
    Err(ResolveError::Changed {
        uri: object.uri.clone(),
        recorded: recorded.to_owned(),
        found: found.to_owned(),
    })
}
