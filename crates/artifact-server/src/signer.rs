//! Signatures of URLs: HMAC-SHA256 over purpose, expiry and ticket.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

/// The purpose of a URL; one for downloading cannot be used for uploading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Upload,
    Download,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// The query of a signed URL.
#[derive(Deserialize)]
pub(crate) struct SignedQuery {
    /// The locator of the ticket, in base64.
    ticket: String,
    /// The expiry, in seconds since 1970.
    expires: u64,
    /// The signature, in base64.
    signature: String,
}

/// Reasons to refuse a signed URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidUrl {
    #[error("this URL was not given out by this server")]
    Forged,
    #[error("this URL has expired; ask for a new one")]
    Expired,
}

/// Signs URLs and checks them.
pub(crate) struct UrlSigner {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for UrlSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UrlSigner(..)")
    }
}

impl UrlSigner {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        // HMAC pads a shorter key with zeros itself.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&secret);
        Self {
            mac: Hmac::new(&block.into()),
        }
    }

    /// Returns the query of a URL for `locator`.
    pub(crate) fn sign(&self, purpose: Purpose, locator: &str, expires: SystemTime) -> String {
        let expires = seconds(expires);
        let signature = self.mac(purpose, locator, expires).finalize().into_bytes();
        format!(
            "expires={expires}&ticket={}&signature={}",
            BASE64.encode(locator),
            BASE64.encode(signature)
        )
    }

    /// Returns the locator of a URL, if it was signed for this purpose and has not expired.
    pub(crate) fn check(
        &self,
        purpose: Purpose,
        query: &SignedQuery,
        now: SystemTime,
    ) -> Result<String, InvalidUrl> {
        let locator = BASE64
            .decode(&query.ticket)
            .map_err(|_| InvalidUrl::Forged)?;
        let locator = String::from_utf8(locator).map_err(|_| InvalidUrl::Forged)?;
        let signature = BASE64
            .decode(&query.signature)
            .map_err(|_| InvalidUrl::Forged)?;
        // In constant time, so that a signature cannot be found byte by byte.
        let mac = self.mac(purpose, &locator, query.expires);
        mac.verify_slice(&signature)
            .map_err(|_| InvalidUrl::Forged)?;
        if query.expires < seconds(now) {
            return Err(InvalidUrl::Expired);
        }
        Ok(locator)
    }

    fn mac(&self, purpose: Purpose, locator: &str, expires: u64) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        // Neither the purpose nor the number can hold the separator.
        mac.update(format!("{}\n{expires}\n{locator}", purpose.name()).as_bytes());
        mac
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.as_ref().map_or(0, Duration::as_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> SignedQuery {
        let mut parts = text.split('&').map(|part| part.split_once('=').unwrap().1);
        SignedQuery {
            expires: parts.next().unwrap().parse().unwrap(),
            ticket: parts.next().unwrap().to_owned(),
            signature: parts.next().unwrap().to_owned(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn signed_url_is_valid_until_it_expires() {
        let signer = UrlSigner::new([1; 32]);
        let link = query(&signer.sign(Purpose::Upload, "file:1:ü", at(100)));
        let check = |now| signer.check(Purpose::Upload, &link, at(now));
        assert_eq!(check(100).as_deref(), Ok("file:1:ü"));
        assert_eq!(check(101), Err(InvalidUrl::Expired));
    }

    #[test]
    fn altered_signatures_are_refused() {
        let signer = UrlSigner::new([1; 32]);
        let link = || query(&signer.sign(Purpose::Download, "blob:a", at(100)));
        let forged = |query: &SignedQuery| signer.check(Purpose::Download, query, at(1));
        assert_eq!(
            signer.check(Purpose::Upload, &link(), at(1)),
            Err(InvalidUrl::Forged)
        );
        let other_server = UrlSigner::new([2; 32]);
        let other = other_server.check(Purpose::Download, &link(), at(1));
        assert_eq!(other, Err(InvalidUrl::Forged));
        let later = SignedQuery {
            expires: 101,
            ..link()
        };
        assert_eq!(forged(&later), Err(InvalidUrl::Forged));
        let ticket = SignedQuery {
            ticket: BASE64.encode("blob:b"),
            ..link()
        };
        assert_eq!(forged(&ticket), Err(InvalidUrl::Forged));
        let short = SignedQuery {
            signature: String::new(),
            ..link()
        };
        assert_eq!(forged(&short), Err(InvalidUrl::Forged));
    }
}
