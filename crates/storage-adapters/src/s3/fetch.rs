//! The content of a recorded object.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError, TransferError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use futures::stream;

use super::bucket::Bucket;
use super::error::Failure;
use super::uri::S3Uri;
use super::versions;
use crate::net::Expected;

const RIGHT: &str =
    "s3:GetObject for the object, and s3:GetObjectVersion where a version was recorded";

pub(super) async fn open(
    bucket: &Bucket,
    at: &S3Uri,
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
    let Some(version) = versions::find(bucket, &at.key, recorded).await else {
        return Err(changed);
    };
    match get(bucket, &at.key, Some(&version)).await {
        Ok(got) if etag(&got) == recorded => Ok(fetched(bucket, object, got)),
        Ok(_) => Err(changed),
        Err(failure) => Err(bucket.error(failure, RIGHT)),
    }
}

/// Returns the version that was recorded, or that the URI asks for.
pub(super) fn recorded_version<'a>(at: &'a S3Uri, object: &'a ReferenceObject) -> Option<&'a str> {
    let version = object.extra.get("versionID");
    let version = version.and_then(|version| version.as_str());
    version.or(at.version.as_deref())
}

/// Returns the ETag that was recorded; an object that was recorded without checksum has its URI for a digest.
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
