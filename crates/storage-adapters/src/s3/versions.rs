//! Listings of versions.

use artifact_core::ports::{ReferenceObject, ResolveError};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use futures::stream;

use super::bucket::Bucket;
use super::describe::Found;
use super::error::Failure;
use super::list::object_of;

type Page = Vec<Result<ReferenceObject, ResolveError>>;

/// Where a listing goes on.
#[derive(Debug, Clone, Default)]
struct Marker {
    key: Option<String>,
    version: Option<String>,
}

async fn listed(
    bucket: &Bucket,
    prefix: &str,
    marker: &Marker,
    size: i32,
) -> Result<ListObjectVersionsOutput, Failure> {
    let page = bucket.call(|client| {
        client
            .list_object_versions()
            .bucket(&bucket.name)
            .prefix(prefix)
            .max_keys(size)
            .set_key_marker(marker.key.clone())
            .set_version_id_marker(marker.version.clone())
            .send()
    });
    page.await
}

/// Returns where the listing goes on, if it does.
fn next(listed: &ListObjectVersionsOutput) -> Option<Marker> {
    (listed.is_truncated() == Some(true)).then(|| Marker {
        key: listed.next_key_marker.clone(),
        version: listed.next_version_id_marker.clone(),
    })
}

/// Whether the service lists versions to whoever asks.
pub(super) async fn are_listed(bucket: &Bucket, prefix: &str) -> bool {
    listed(bucket, prefix, &Marker::default(), 1).await.is_ok()
}

/// Returns the pages of the current versions below `prefix`.
pub(super) fn pages(
    bucket: Bucket,
    prefix: String,
) -> impl stream::Stream<Item = Result<Page, ResolveError>> + Send {
    let start = Some((bucket, prefix, Marker::default()));
    stream::try_unfold(start, async |state| {
        let Some((bucket, prefix, marker)) = state else {
            return Ok(None);
        };
        let listed = listed(&bucket, &prefix, &marker, bucket.page_size()).await;
        let listed = listed.map_err(|failure| {
            bucket.error(
                failure,
                "s3:ListBucketVersions for the bucket, which has versions",
            )
        })?;
        let next = next(&listed);
        let versions = listed.versions.unwrap_or_default();
        let page = versions
            .into_iter()
            .filter(|version| version.is_latest == Some(true))
            .filter_map(|version| {
                let key = version.key?;
                let found = Found {
                    etag: version.e_tag,
                    size: version.size,
                    version: version.version_id,
                    is_folder: false,
                };
                object_of(&bucket, &prefix, &key, found)
            })
            .collect();
        Ok(Some((page, next.map(|marker| (bucket, prefix, marker)))))
    })
}

/// Returns the newest version of `key` with this ETag; none where versions cannot be listed.
pub(super) async fn find(bucket: &Bucket, key: &str, etag: &str) -> Option<String> {
    let mut marker = Marker::default();
    loop {
        let listed = listed(bucket, key, &marker, bucket.page_size())
            .await
            .ok()?;
        let mut versions = listed.versions().iter();
        let found = versions.find(|version| {
            version.key() == Some(key)
                && version.e_tag().map(|etag| etag.trim_matches('"')) == Some(etag)
        });
        if let Some(found) = found {
            return found.version_id().map(str::to_owned);
        }
        // Keys come in order: those of siblings follow.
        let is_past = listed
            .versions()
            .last()
            .and_then(|version| version.key())
            .is_some_and(|last| last != key);
        match next(&listed) {
            Some(next) if !is_past => marker = next,
            _ => return None,
        }
    }
}
