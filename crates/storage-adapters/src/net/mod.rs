//! Shared parts of the resolvers of remote stores: the HTTP client, retries, URIs, listings, verification.

#[cfg(feature = "_rest")]
use artifact_core::{ContentDigest, DigestAlgorithm};

#[cfg(feature = "_rest")]
mod client;
mod expected;
#[cfg(any(feature = "s3", feature = "gs", feature = "azure"))]
mod listing;
#[cfg(any(feature = "s3", feature = "gs", feature = "azure"))]
mod object_uri;
#[cfg(any(feature = "s3", feature = "gs"))]
pub(crate) mod ranges;
#[cfg(feature = "_rest")]
mod refusal;
mod retry;
#[cfg(feature = "http")]
mod secrets;

#[cfg(feature = "_rest")]
pub(crate) use client::HttpClient;
pub(crate) use expected::Expected;
#[cfg(any(feature = "s3", feature = "gs", feature = "azure"))]
pub(crate) use listing::objects_of;
#[cfg(any(feature = "s3", feature = "gs"))]
pub(crate) use object_uri::bucket_and_key;
#[cfg(any(feature = "s3", feature = "gs", feature = "azure"))]
pub(crate) use object_uri::{ObjectUri, folder_with_content, parse_uri};
#[cfg(feature = "_rest")]
pub(crate) use refusal::Refusal;
pub(crate) use retry::{DEFAULT_RETRIES, Retry, Transient, is_transient, retry_after};
#[cfg(feature = "http")]
pub(crate) use secrets::without_secrets;

/// Decodes an MD5 from base64.
#[cfg(feature = "_rest")]
pub(crate) fn md5_of_base64(text: &str) -> Option<[u8; 16]> {
    let digest = ContentDigest::from_base64(DigestAlgorithm::Md5, text.trim()).ok()?;
    Some(*digest.bytes())
}
