//! What the resolvers of remote stores share: one HTTP client, its patience, and checks on what it brings.

#[cfg(feature = "_rest")]
use artifact_core::{ContentDigest, DigestAlgorithm};

#[cfg(feature = "_rest")]
mod client;
mod expected;
#[cfg(any(feature = "s3", feature = "gs", feature = "azure"))]
mod listing;
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
#[cfg(feature = "_rest")]
pub(crate) use refusal::Refusal;
pub(crate) use retry::{DEFAULT_RETRIES, Retry, Transient, is_transient, retry_after};
#[cfg(feature = "http")]
pub(crate) use secrets::without_secrets;

/// Returns the MD5 that the base64 `text` stands for.
#[cfg(feature = "_rest")]
pub(crate) fn md5_of_base64(text: &str) -> Option<[u8; 16]> {
    let digest = ContentDigest::from_base64(DigestAlgorithm::Md5, text.trim()).ok()?;
    Some(*digest.bytes())
}
