//! Listings of what is below a prefix, with versions where the bucket has them.

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::operation::get_bucket_versioning::GetBucketVersioningError;
use aws_sdk_s3::types::BucketVersioningStatus;
use futures::stream;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::client::{Bucket, SdkResult};
use super::error::Failure;
use super::resolver;
use super::resolver::Found;
use super::uri::{self, uri_of};
use crate::net::ranges::Listed;
use crate::net::{folder_with_content, objects_of, ranges};

/// Maximum concurrent HEAD requests where versions cannot be listed.
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
    let versions = versions_of(&listing).await?;
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

/// Returns the record of a listed object; `None` for a folder marker.
fn object_of(
    bucket: &Bucket,
    prefix: &str,
    key: &str,
    found: Found,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // Keys outside the prefix would be recorded under a wrong name.
    let name = key.strip_prefix(prefix)?;
    if !key.ends_with('/') {
        return Some(found.into_object(bucket, key, name));
    }
    if found.size == Some(0) {
        return None;
    }
    Some(Err(folder_with_content(uri_of(
        &bucket.name,
        key,
        &bucket.uri,
    ))))
}

/// Adds the version to each object of a page, with HEAD requests.
async fn with_versions(bucket: Bucket, page: Page) -> Result<Page, ResolveError> {
    let ask = |object: Result<ReferenceObject, ResolveError>| {
        let bucket = &bucket;
        async move {
            let object = object?;
            let key = uri::parse(&object.uri)?.key;
            match resolver::head(bucket, &key, None).await {
                Ok(found) => found.into_object(bucket, &key, &object.relative_path),
                Err(failure) => Err(bucket.error(failure, "s3:GetObject for each object")),
            }
        }
    };
    Ok(stream::iter(page).map(ask).buffered(HEADS).collect().await)
}

/// The kind of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Objects.
    Objects,
    /// Versions, of which only the current ones are kept.
    Versions,
}

impl Kind {
    fn right(self) -> &'static str {
        match self {
            Self::Objects => "s3:ListBucket for the bucket",
            Self::Versions => "s3:ListBucketVersions for the bucket, which has versions",
        }
    }
}

/// The start of a page.
#[derive(Debug, Clone)]
pub(super) enum At {
    Start,
    /// At the first key after this one.
    After(String),
    /// The service's continuation: a token, or a key and a version.
    Next(Option<String>, Option<String>),
}

/// The result of a request.
#[derive(Debug, Default)]
struct PageResponse {
    /// The objects, or the current versions, by key.
    found: Vec<(String, Found)>,
    /// The last key of the page.
    last: Option<String>,
    /// The folders, if they were requested.
    folders: Vec<String>,
    next: Option<At>,
}

/// A listing of the objects below a prefix.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) bucket: Bucket,
    pub(super) prefix: String,
    pub(super) kind: Kind,
}

impl ranges::Listing for Listing {
    type Found = Found;
    type At = At;

    fn uri(&self) -> &ReferenceUri {
        &self.bucket.uri
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn start() -> At {
        At::Start
    }

    fn after(key: String) -> At {
        At::After(key)
    }

    async fn page(&self, at: At) -> Result<Listed<Found, At>, ResolveError> {
        let size = self.bucket.page_size();
        let answer = self.request(&self.prefix, &at, size, None).await;
        let answer = answer.map_err(|failure| self.bucket.error(failure, self.kind.right()))?;
        Ok(Listed {
            found: answer.found,
            last: answer.last,
            next: answer.next,
        })
    }

    /// Empty for versions: some services lose a key when a listing of versions starts after a missing key.
    async fn folders(&self, folder: &str, after: &str) -> Vec<String> {
        if self.kind == Kind::Versions {
            return Vec::new();
        }
        let at = At::After(after.to_owned());
        // They only speed the listing up: without them it continues page by page, and meets the same error.
        let answer = self.request(folder, &at, 1_000, Some("/")).await;
        let mut folders = answer.unwrap_or_default().folders;
        folders.retain(|found| after < found.as_str());
        folders
    }
}

impl Listing {
    /// Whether the service permits the listing.
    pub(super) async fn is_permitted(&self) -> bool {
        let asked = self.request(&self.prefix, &At::Start, 1, None).await;
        asked.is_ok()
    }

    async fn request(
        &self,
        prefix: &str,
        at: &At,
        size: i32,
        delimiter: Option<&str>,
    ) -> Result<PageResponse, Failure> {
        match self.kind {
            Kind::Objects => objects(&self.bucket, prefix, at, size, delimiter).await,
            Kind::Versions => versions(&self.bucket, prefix, at, size).await,
        }
    }
}

async fn objects(
    bucket: &Bucket,
    prefix: &str,
    at: &At,
    size: i32,
    delimiter: Option<&str>,
) -> Result<PageResponse, Failure> {
    let (token, after) = match at {
        At::Start => (None, None),
        At::After(key) => (None, Some(key.clone())),
        At::Next(token, _) => (token.clone(), None),
    };
    let answer = bucket.call(|client| {
        client
            .list_objects_v2()
            .bucket(&bucket.name)
            .prefix(prefix)
            .max_keys(size)
            .set_delimiter(delimiter.map(str::to_owned))
            .set_continuation_token(token.clone())
            .set_start_after(after.clone())
            .send()
    });
    let answer = answer.await?;
    let mut listed = PageResponse {
        next: answer
            .next_continuation_token
            .map(|token| At::Next(Some(token), None)),
        ..PageResponse::default()
    };
    for object in answer.contents.unwrap_or_default() {
        let Some(key) = object.key else { continue };
        listed.last = Some(key.clone());
        let found = Found {
            etag: object.e_tag,
            size: object.size,
            version: None,
            is_folder: false,
        };
        listed.found.push((key, found));
    }
    let folders = answer.common_prefixes.unwrap_or_default();
    listed.folders = folders
        .into_iter()
        .filter_map(|found| found.prefix)
        .collect();
    Ok(listed)
}

async fn versions(
    bucket: &Bucket,
    prefix: &str,
    at: &At,
    size: i32,
) -> Result<PageResponse, Failure> {
    let (key, version) = match at {
        At::Start => (None, None),
        At::After(key) => (Some(key.clone()), None),
        At::Next(key, version) => (key.clone(), version.clone()),
    };
    let answer = bucket.call(|client| {
        client
            .list_object_versions()
            .bucket(&bucket.name)
            .prefix(prefix)
            .max_keys(size)
            .set_key_marker(key.clone())
            .set_version_id_marker(version.clone())
            .send()
    });
    let answer = answer.await?;
    let mut listed = PageResponse {
        next: (answer.is_truncated == Some(true)).then_some(At::Next(
            answer.next_key_marker,
            answer.next_version_id_marker,
        )),
        ..PageResponse::default()
    };
    for version in answer.versions.unwrap_or_default() {
        let Some(key) = version.key else { continue };
        // The current version of a key comes first, so the next pages have later keys.
        listed.last = Some(key.clone());
        if version.is_latest == Some(true) {
            let found = Found {
                etag: version.e_tag,
                size: version.size,
                version: version.version_id,
                is_folder: false,
            };
            listed.found.push((key, found));
        }
    }
    Ok(listed)
}

/// The source of versions of a bucket's objects.
pub(super) enum Versions {
    /// The bucket has no versions.
    None,
    /// A listing of versions.
    Listed,
    /// A request for each object.
    Asked,
}

/// Returns whether the bucket has versions, and how to read them with the given permissions.
async fn versions_of(listing: &Listing) -> Result<Versions, ResolveError> {
    let bucket = &listing.bucket;
    match bucket.call(|client| status(client, &bucket.name)).await {
        Ok(Some(_)) => return Ok(Versions::Listed),
        Ok(None) => return Ok(Versions::None),
        Err(failure) if failure.is_unknown_request() => return Ok(Versions::None),
        Err(failure) if failure.is_missing_bucket() => {
            return Err(bucket.error(failure, "s3:ListBucket for the bucket"));
        }
        // Not permitted, or a response that the SDK cannot parse.
        Err(_) => {}
    }
    // Listing versions is another permission, so it is tried.
    let of_versions = Listing {
        kind: Kind::Versions,
        ..listing.clone()
    };
    if of_versions.is_permitted().await {
        return Ok(Versions::Listed);
    }
    // In a bucket without versioning, no object has a version.
    let first = ranges::Listing::page(listing, At::Start).await?;
    let Some((key, _)) = first.found.first() else {
        return Ok(Versions::None);
    };
    match resolver::head(bucket, key, None).await {
        Ok(found) if found.version.is_some() => Ok(Versions::Asked),
        _ => Ok(Versions::None),
    }
}

/// Returns the versioning status of a bucket; `None` if versioning was never enabled.
async fn status(
    client: Client,
    bucket: &str,
) -> SdkResult<Option<BucketVersioningStatus>, GetBucketVersioningError> {
    match client.get_bucket_versioning().bucket(bucket).send().await {
        Ok(answer) => Ok(answer.status),
        Err(error) => match error.raw_response().and_then(renamed) {
            Some(body) => Ok(status_in(body)),
            None => Err(error),
        },
    }
}

/// Returns the body of a response that the SDK rejects because its outermost element is named after the request, as some
/// services name it.
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
