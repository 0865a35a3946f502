//! The objects below a prefix.

use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use super::bucket::Bucket;
use super::describe::{self, Found};
use super::pages::{Kind, Listing};
use super::uri::uri_of;
use super::versioning::{self, Versions};
use crate::net::{objects_of, ranges};

/// How many objects are asked for their versions at once, where versions cannot be listed.
const HEADS: usize = 32;

type Objects = BoxStream<'static, Result<ReferenceObject, ResolveError>>;
type Page = Vec<Result<ReferenceObject, ResolveError>>;

pub(super) async fn list(bucket: Bucket, prefix: String) -> Result<Objects, ResolveError> {
    let uri = bucket.uri.clone();
    let mut listing = Listing {
        bucket,
        prefix,
        kind: Kind::Objects,
    };
    let versions = versioning::of(&listing).await?;
    if matches!(versions, Versions::Listed) {
        listing.kind = Kind::Versions;
    }
    let described = {
        let Listing { bucket, prefix, .. } = listing.clone();
        move |page: ranges::Page<Found>| -> Page {
            page.into_iter()
                .filter_map(|(key, found)| object_of(&bucket, &prefix, &key, found))
                .collect()
        }
    };
    let bucket = listing.bucket.clone();
    let pages = ranges::pages(listing).map_ok(described);
    Ok(match versions {
        Versions::Asked => objects_of(
            uri,
            pages.and_then(move |page| with_versions(bucket.clone(), page)),
        ),
        Versions::None | Versions::Listed => objects_of(uri, pages),
    })
}

/// Returns what is recorded of a listed object; nothing for the mark of a folder.
fn object_of(
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
