//! Whether the objects of a bucket have versions.

use artifact_core::ports::ResolveError;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningError;
use aws_sdk_s3::types::BucketVersioningStatus;

use super::bucket::Answer;
use super::describe;
use super::pages::{At, Kind, Listing};
use crate::net::ranges::{self};

/// How the versions of a bucket's objects are had.
pub(super) enum Versions {
    /// There are none.
    None,
    /// They are listed.
    Listed,
    /// Each object is asked.
    Asked,
}

/// Finds out whether there are versions, and who may know them.
pub(super) async fn of(listing: &Listing) -> Result<Versions, ResolveError> {
    let bucket = &listing.bucket;
    match bucket.call(|client| status(client, &bucket.name)).await {
        Ok(Some(_)) => return Ok(Versions::Listed),
        Ok(None) => return Ok(Versions::None),
        Err(failure) if failure.is_unknown_request() => return Ok(Versions::None),
        Err(failure) if failure.is_missing_bucket() => {
            return Err(bucket.error(failure, "s3:ListBucket for the bucket"));
        }
        // Not permitted to know, or an answer that the SDK does not understand.
        Err(_) => {}
    }
    // Listing versions is another right, so it is tried.
    let of_versions = Listing {
        kind: Kind::Versions,
        ..listing.clone()
    };
    if of_versions.is_permitted().await {
        return Ok(Versions::Listed);
    }
    // Of a bucket that never had versions, no object has one.
    let first = ranges::Listing::page(listing, At::Start).await?;
    let Some((key, _)) = first.found.first() else {
        return Ok(Versions::None);
    };
    match describe::head(bucket, key, None).await {
        Ok(found) if found.version.is_some() => Ok(Versions::Asked),
        _ => Ok(Versions::None),
    }
}

/// Returns what a bucket says of its versions; nothing where it never had any.
async fn status(
    client: Client,
    bucket: &str,
) -> Answer<Option<BucketVersioningStatus>, GetBucketVersioningError> {
    match client.get_bucket_versioning().bucket(bucket).send().await {
        Ok(answer) => Ok(answer.status),
        Err(error) => match error.raw_response().and_then(renamed) {
            Some(body) => Ok(status_in(body)),
            None => Err(error),
        },
    }
}

/// Returns an answer that the SDK refuses because its outermost element is named after the request, as some services name
/// it.
fn renamed(answer: &HttpResponse) -> Option<&str> {
    let body = std::str::from_utf8(answer.body().bytes()?).ok()?;
    let is_renamed = answer.status().is_success() && body.contains("<GetBucketVersioning");
    is_renamed.then_some(body)
}

fn status_in(body: &str) -> Option<BucketVersioningStatus> {
    let (_, rest) = body.split_once("<Status>")?;
    let (status, _) = rest.split_once('<')?;
    Some(status.into())
}
