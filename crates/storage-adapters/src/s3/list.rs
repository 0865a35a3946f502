//! The objects below a prefix.

use artifact_core::ports::{ReferenceObject, ResolveError};
use aws_sdk_s3::types::Object;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use super::bucket::Bucket;
use super::describe::{self, Found};
use super::uri::uri_of;
use super::versions;
use crate::net::objects_of;

/// What is needed to list a prefix.
pub(super) const RIGHT: &str = "s3:ListBucket for the bucket";

/// How many objects are asked for their versions at once, where versions cannot be listed.
const HEADS: usize = 32;

type Objects = BoxStream<'static, Result<ReferenceObject, ResolveError>>;
type Page = Vec<Result<ReferenceObject, ResolveError>>;

/// How the versions of a bucket's objects are had.
enum Versions {
    /// There are none.
    None,
    /// They are listed.
    Listed,
    /// Each object is asked.
    Asked,
}

pub(super) async fn list(bucket: Bucket, prefix: String) -> Result<Objects, ResolveError> {
    let uri = bucket.uri.clone();
    let pages = match versions(&bucket, &prefix).await? {
        Versions::None => pages(bucket, prefix).boxed(),
        Versions::Listed => versions::pages(bucket, prefix).boxed(),
        Versions::Asked => {
            let asked = {
                let bucket = bucket.clone();
                move |page: Page| with_versions(bucket.clone(), page)
            };
            pages(bucket, prefix).and_then(asked).boxed()
        }
    };
    Ok(objects_of(uri, pages))
}

/// Finds out whether there are versions, and who may know them.
async fn versions(bucket: &Bucket, prefix: &str) -> Result<Versions, ResolveError> {
    let versioning =
        bucket.call(|client| client.get_bucket_versioning().bucket(&bucket.name).send());
    match versioning.await {
        Ok(versioning) if versioning.status().is_some() => return Ok(Versions::Listed),
        Ok(_) => return Ok(Versions::None),
        Err(failure) if failure.is_unknown_request() => return Ok(Versions::None),
        Err(failure) if failure.is_missing_bucket() => return Err(bucket.error(failure, RIGHT)),
        // Not permitted to know, or an answer that the SDK does not understand.
        Err(_) => {}
    }
    // Listing versions is another right, so it is tried.
    if versions::are_listed(bucket, prefix).await {
        return Ok(Versions::Listed);
    }
    // Of a bucket that never had versions, no object has one.
    let first = first_page(bucket, prefix, None, 1).await?;
    let Some(key) = first.contents().first().and_then(Object::key) else {
        return Ok(Versions::None);
    };
    match describe::head(bucket, key, None).await {
        Ok(found) if found.version.is_some() => Ok(Versions::Asked),
        _ => Ok(Versions::None),
    }
}

type Listed = aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;

async fn first_page(
    bucket: &Bucket,
    prefix: &str,
    token: Option<String>,
    size: i32,
) -> Result<Listed, ResolveError> {
    let page = bucket.call(|client| {
        client
            .list_objects_v2()
            .bucket(&bucket.name)
            .prefix(prefix)
            .max_keys(size)
            .set_continuation_token(token.clone())
            .send()
    });
    page.await.map_err(|failure| bucket.error(failure, RIGHT))
}

/// Returns the pages of a plain listing.
fn pages(
    bucket: Bucket,
    prefix: String,
) -> impl stream::Stream<Item = Result<Page, ResolveError>> + Send {
    let start = Some((bucket, prefix, None));
    stream::try_unfold(start, async |state| {
        let Some((bucket, prefix, token)) = state else {
            return Ok(None);
        };
        let listed = first_page(&bucket, &prefix, token, bucket.page_size()).await?;
        let next = listed.next_continuation_token;
        let objects = listed.contents.unwrap_or_default();
        let page = objects
            .into_iter()
            .filter_map(|object| {
                let key = object.key?;
                let found = Found {
                    etag: object.e_tag,
                    size: object.size,
                    version: None,
                    is_folder: false,
                };
                object_of(&bucket, &prefix, &key, found)
            })
            .collect();
        Ok(Some((
            page,
            next.map(|token| (bucket, prefix, Some(token))),
        )))
    })
}

/// Returns what is recorded of a listed object; nothing for the mark of a folder.
pub(super) fn object_of(
    bucket: &Bucket,
    prefix: &str,
    key: &str,
    found: Found,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // A service that answers with other keys would have them recorded under a wrong name.
    let name = key.strip_prefix(prefix)?;
    if !key.ends_with('/') {
        return Some(found.into_object(bucket, key, name));
    }
    if found.size == Some(0) {
        return None;
    }
    let refused = uri_of(&bucket.name, key, &bucket.uri).map(|uri| ResolveError::Unsupported {
        uri,
        reason: "its name ends in `/` and it has content, so it can be neither a file nor a folder"
            .to_owned(),
    });
    Some(Err(refused.unwrap_or_else(|error| error)))
}

/// Asks each object of a page for its version.
async fn with_versions(bucket: Bucket, page: Page) -> Result<Page, ResolveError> {
    let ask = |object: Result<ReferenceObject, ResolveError>| {
        let bucket = &bucket;
        async move {
            let object = object?;
            let key = super::uri::S3Uri::parse(&object.uri)?.key;
            match describe::head(bucket, &key, None).await {
                Ok(found) => found.into_object(bucket, &key, &object.relative_path),
                Err(failure) => Err(bucket.error(failure, "s3:GetObject for each object")),
            }
        }
    };
    Ok(stream::iter(page).map(ask).buffered(HEADS).collect().await)
}
