//! The objects below a prefix.

use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use super::bucket::Bucket;
use super::describe::{self, Found};
use super::pages::{At, Kind, Listing};
use super::uri::uri_of;
use crate::net::{objects_of, ranges};

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
    let mut listing = Listing {
        bucket,
        prefix,
        kind: Kind::Objects,
    };
    let versions = versions(&listing).await?;
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

/// Finds out whether there are versions, and who may know them.
async fn versions(listing: &Listing) -> Result<Versions, ResolveError> {
    let bucket = &listing.bucket;
    let versioning =
        bucket.call(|client| client.get_bucket_versioning().bucket(&bucket.name).send());
    match versioning.await {
        Ok(versioning) if versioning.status().is_some() => return Ok(Versions::Listed),
        Ok(_) => return Ok(Versions::None),
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
