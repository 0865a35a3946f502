//! URLs under which clients send and fetch content without the engine in between.

use std::fmt;
use std::time::Duration;

use artifact_core::ContentDigest;

use super::Place;
use crate::StoreError;

/// Signed URLs of an object store.
///
/// # Contract
/// * A URL works until its time to live is over, for one request of one kind, and for exactly the body whose MD5 it was
///   made for.
/// * A URL to put never replaces content: the place of an upload is new.
/// * An upload in parts has content only once it is completed.
pub trait DirectUrls: Send + Sync {
    /// Returns a URL to which content of this size and MD5 is put in one request.
    ///
    /// # Errors
    /// When it cannot be signed.
    fn put_url(
        &self,
        place: &Place,
        md5: &ContentDigest,
        size: u64,
        time_to_live: Duration,
    ) -> Result<DirectUrl, StoreError>;

    /// Begins an upload in parts, and returns its id.
    ///
    /// # Errors
    /// When the object store refuses.
    fn begin_parts(&self, place: &Place) -> Result<String, StoreError>;

    /// Returns a URL to which a part with this MD5 is put; parts are numbered from 1.
    ///
    /// # Errors
    /// When it cannot be signed.
    fn part_url(
        &self,
        place: &Place,
        upload: &str,
        number: u32,
        md5: &ContentDigest,
        time_to_live: Duration,
    ) -> Result<DirectUrl, StoreError>;

    /// Completes an upload in parts, which are given by their entity tags in order.
    ///
    /// # Errors
    /// When a part is missing or the object store refuses.
    fn complete_parts(
        &self,
        place: &Place,
        upload: &str,
        etags: &[String],
    ) -> Result<(), StoreError>;

    /// Returns a URL from which content is fetched, as a file named `name`.
    ///
    /// # Errors
    /// When it cannot be signed.
    fn get_url(
        &self,
        place: &Place,
        name: &str,
        time_to_live: Duration,
    ) -> Result<DirectUrl, StoreError>;
}

/// A signed URL, and the headers that a request to it must carry. Authorizes its holder, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectUrl {
    /// The URL.
    pub url: String,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for DirectUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DirectUrl(..)")
    }
}
