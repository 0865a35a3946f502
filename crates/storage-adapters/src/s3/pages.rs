//! Pages of a listing, of objects or of versions.

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;

use super::bucket::Bucket;
use super::describe::Found;
use super::error::Failure;
use crate::net::ranges::{self, Listed};

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Objects.
    Objects,
    /// Versions, of which the current ones count.
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

/// Where a page starts.
#[derive(Debug, Clone)]
pub(super) enum At {
    Start,
    /// At the first key after this one.
    After(String),
    /// Where the service said that it goes on: a token, or a key and a version.
    Next(Option<String>, Option<String>),
}

/// What the service answered.
#[derive(Debug, Default)]
struct Answer {
    /// The objects, or the current versions, by key.
    found: Vec<(String, Found)>,
    /// The last key of all that was listed.
    last: Option<String>,
    /// The folders, where they were asked for.
    folders: Vec<String>,
    next: Option<At>,
}

/// A listing of what is below a prefix.
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

    /// None for versions: some services lose a key when a listing of versions starts after a key that is not there.
    async fn folders(&self, folder: &str, after: &str) -> Vec<String> {
        if self.kind == Kind::Versions {
            return Vec::new();
        }
        let at = At::After(after.to_owned());
        // They only help to go faster: without them the listing goes on page by page, and meets the same fault.
        let answer = self.request(folder, &at, 1_000, Some("/")).await;
        let mut folders = answer.unwrap_or_default().folders;
        folders.retain(|found| after < found.as_str());
        folders
    }
}

impl Listing {
    /// Whether the service answers whoever asks.
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
    ) -> Result<Answer, Failure> {
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
) -> Result<Answer, Failure> {
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
    let mut listed = Answer {
        next: answer
            .next_continuation_token
            .map(|token| At::Next(Some(token), None)),
        ..Answer::default()
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

async fn versions(bucket: &Bucket, prefix: &str, at: &At, size: i32) -> Result<Answer, Failure> {
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
    let mut listed = Answer {
        next: (answer.is_truncated == Some(true)).then_some(At::Next(
            answer.next_key_marker,
            answer.next_version_id_marker,
        )),
        ..Answer::default()
    };
    for version in answer.versions.unwrap_or_default() {
        let Some(key) = version.key else { continue };
        // The current version of a key is listed first, so what follows this page has later keys.
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
