//! Opening and checking recorded objects, older versions included.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError, TransferError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use futures::stream;

use super::client::Bucket;
use super::error::Failure;
use super::resolver;
use crate::net::Expected;
use crate::net::ObjectUri;

const RIGHT: &str =
    "s3:GetObject for the object, and s3:GetObjectVersion where a version was recorded";

pub(super) async fn open(
    bucket: &Bucket,
    at: &ObjectUri,
    object: &ReferenceObject,
) -> Result<Fetched, ResolveError> {
    let recorded = recorded_etag(object);
    let version = recorded_version(at, object);
    let missing = || ResolveError::NotFound {
        uri: object.uri.clone(),
    };
    let got = match get(bucket, &at.key, version).await {
        Ok(got) => got,
        Err(failure) if version.is_some() && failure.is_bad_version() => return Err(missing()),
        Err(failure) => return Err(bucket.error(failure, RIGHT)),
    };
    let (Some(recorded), found) = (recorded, etag(&got)) else {
        return Ok(fetched(bucket, object, got));
    };
    if recorded == found {
        return Ok(fetched(bucket, object, got));
    }
    let changed = ResolveError::Changed {
        uri: object.uri.clone(),
        recorded: recorded.to_owned(),
        found: found.to_owned(),
    };
    if version.is_some() {
        return Err(changed);
    }
    let Some(version) = find_version(bucket, &at.key, recorded).await else {
        return Err(changed);
    };
    match get(bucket, &at.key, Some(&version)).await {
        Ok(got) if etag(&got) == recorded => Ok(fetched(bucket, object, got)),
        Ok(_) => Err(changed),
        Err(failure) => Err(bucket.error(failure, RIGHT)),
    }
}

/// Returns the recorded version, or that in the URI.
pub(super) fn recorded_version<'a>(
    at: &'a ObjectUri,
    object: &'a ReferenceObject,
) -> Option<&'a str> {
    let version = object.extra.get("versionID");
    let version = version.and_then(|version| version.as_str());
    version.or(at.version.as_deref())
}

/// Returns the recorded ETag; an object recorded without checksum has none.
pub(super) fn recorded_etag(object: &ReferenceObject) -> Option<&str> {
    object.extra.get("etag")?.as_str()
}

fn etag(got: &GetObjectOutput) -> &str {
    got.e_tag().unwrap_or_default().trim_matches('"')
}

async fn get(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
) -> Result<GetObjectOutput, Failure> {
    let got = bucket.call(|client| {
        client
            .get_object()
            .bucket(&bucket.name)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .checksum_mode(ChecksumMode::Enabled)
            .send()
    });
    got.await
}

fn fetched(bucket: &Bucket, object: &ReferenceObject, got: GetObjectOutput) -> Fetched {
    let expected = Expected {
        length: got
            .content_length()
            .and_then(|length| length.try_into().ok()),
        md5: md5_in_etag(bucket, &got),
        ..Expected::default()
    };
    let place = object.uri.to_string();
    let content = chunks(place.clone(), got.body);
    Fetched::Stream(expected.check(place, content))
}

/// Returns the MD5 that an ETag is, for an object of one part that no key encrypts, outside directory buckets.
fn md5_in_etag(bucket: &Bucket, got: &GetObjectOutput) -> Option<[u8; 16]> {
    let plain = got
        .server_side_encryption()
        .is_none_or(|kind| *kind == ServerSideEncryption::Aes256)
        && got.sse_customer_algorithm().is_none()
        && got.ssekms_key_id().is_none();
    if !plain || bucket.name.ends_with("--x-s3") {
        return None;
    }
    let hex = etag(got);
    if hex.len() != 32 {
        return None;
    }
    let mut md5 = [0; 16];
    for (byte, pair) in md5.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(md5)
}

fn chunks(
    place: String,
    body: ByteStream,
) -> impl stream::Stream<Item = Result<bytes::Bytes, TransferError>> + Send {
    stream::try_unfold(body, move |mut body| {
        let place = place.clone();
        async move {
            match body.try_next().await {
                Ok(chunk) => Ok(chunk.map(|chunk| (chunk, body))),
                Err(error) => Err(TransferError::Backend {
                    place,
                    source: Box::new(error),
                }),
            }
        }
    })
}

/// Asks what [`fetch::open`](super::open::open) would find, with HEAD.
pub(super) async fn check(
    bucket: &Bucket,
    at: &ObjectUri,
    object: &ReferenceObject,
) -> Result<(), ResolveError> {
    let version = recorded_version(at, object);
    let found = match resolver::head(bucket, &at.key, version).await {
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
    if version.is_none() && find_version(bucket, &at.key, recorded).await.is_some() {
        return Ok(());
    }
    Err(ResolveError::Changed {
        uri: object.uri.clone(),
        recorded: recorded.to_owned(),
        found: found.to_owned(),
    })
}

/// Returns the newest version of `key` with this ETag; `None` if versions cannot be listed.
async fn find_version(bucket: &Bucket, key: &str, etag: &str) -> Option<String> {
    let (mut after, mut version) = (None::<String>, None::<String>);
    loop {
        let listed = bucket.call(|client| {
            client
                .list_object_versions()
                .bucket(&bucket.name)
                .prefix(key)
                .max_keys(bucket.page_size())
                .set_key_marker(after.clone())
                .set_version_id_marker(version.clone())
                .send()
        });
        let listed = listed.await.ok()?;
        let mut versions = listed.versions().iter();
        let found = versions.find(|version| {
            version.key() == Some(key)
                && version.e_tag().map(|etag| etag.trim_matches('"')) == Some(etag)
        });
        if let Some(found) = found {
            return found.version_id().map(str::to_owned);
        }
        // Keys are in order: those of siblings follow.
        let last = listed.versions().last().and_then(|version| version.key());
        if last.is_some_and(|last| last != key) || listed.is_truncated() != Some(true) {
            return None;
        }
        (after, version) = (listed.next_key_marker, listed.next_version_id_marker);
    }
}
