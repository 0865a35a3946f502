//! Digests: of content, of an artifact, and the opaque ones of references.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::InvalidValue;

/// The hash function of an artifact's digests.
///
/// Source: `digest_algorithm` of wandb 0.31.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DigestAlgorithm {
    /// MD5, what every client and server knows.
    #[default]
    Md5,
    /// XXH3 with 128 bits, canonical (big-endian) output.
    Xxh128,
}

/// Constants of a hash function.
struct Constants {
    name: &'static str,
    folder: &'static str,
    code: u8,
}

impl DigestAlgorithm {
    /// Every hash function, the default first.
    pub const ALL: [Self; 2] = [Self::Md5, Self::Xxh128];

    const fn constants(self) -> Constants {
        match self {
            Self::Md5 => Constants {
                name: "MD5",
                folder: "md5",
                code: 0,
            },
            Self::Xxh128 => Constants {
                name: "XXH128",
                folder: "xxh128",
                code: 1,
            },
        }
    }

    /// Returns the name as in an entry's `extra.alg`: `MD5` or `XXH128`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.constants().name
    }

    /// Returns the name of the folder in the official client's cache: `md5` or `xxh128`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        self.constants().folder
    }

    /// Returns the hash function whose [`folder`](Self::folder) has this name.
    #[must_use]
    pub fn from_folder(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.folder() == name)
    }

    /// Returns the byte that stands for the hash function in binary files; it never changes.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.constants().code
    }

    /// Returns the hash function with this [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for DigestAlgorithm {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(|known| format!("`{known}`")).join(", ");
            InvalidValue::new(
                "digest algorithm",
                text,
                format!("it is not one of {names}"),
            )
        })
    }
}

/// A digest of content that can be recomputed from the bytes; written in base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentDigest {
    /// The MD5 of the bytes.
    Md5([u8; 16]),
    /// The XXH3-128 of the bytes, big-endian.
    Xxh128([u8; 16]),
}

impl ContentDigest {
    /// Returns the digest of `algorithm` with these `bytes`.
    #[must_use]
    pub const fn new(algorithm: DigestAlgorithm, bytes: [u8; 16]) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => Self::Md5(bytes),
            DigestAlgorithm::Xxh128 => Self::Xxh128(bytes),
        }
    }

    /// Returns the digest of `algorithm` that base64 `text` stands for.
    ///
    /// # Errors
    /// When `text` is not the base64 of 16 bytes.
    pub fn from_base64(algorithm: DigestAlgorithm, text: &str) -> Result<Self, InvalidValue> {
        let bytes = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes
            .ok_or_else(|| InvalidValue::new("digest", text, "it is not the base64 of 16 bytes"))?;
        Ok(Self::new(algorithm, bytes))
    }

    /// Returns the hash function.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Md5(_) => DigestAlgorithm::Md5,
            Self::Xxh128(_) => DigestAlgorithm::Xxh128,
        }
    }

    /// Returns the 16 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        match self {
            Self::Md5(bytes) | Self::Xxh128(bytes) => bytes,
        }
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 24];
        let length = BASE64
            .encode_slice(self.bytes(), &mut text)
            .map_err(|_| fmt::Error)?;
        formatter.write_str(std::str::from_utf8(&text[..length]).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{self}", self.algorithm())
    }
}

/// The digest of a manifest entry: one that can be verified, or one that can only be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryDigest {
    /// A hash of the bytes.
    Content(ContentDigest),
    /// An `ETag`, a URI, or whatever else the store of a reference gave.
    Opaque(Box<str>),
}

impl EntryDigest {
    /// Returns the hash of the bytes, where there is one.
    #[must_use]
    pub const fn content(&self) -> Option<&ContentDigest> {
        match self {
            Self::Content(digest) => Some(digest),
            Self::Opaque(_) => None,
        }
    }
}

impl From<ContentDigest> for EntryDigest {
    fn from(digest: ContentDigest) -> Self {
        Self::Content(digest)
    }
}

impl fmt::Display for EntryDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(digest) => digest.fmt(formatter),
            Self::Opaque(text) => formatter.write_str(text),
        }
    }
}

/// The digest of a whole artifact: 16 bytes, written as 32 lower-case hex digits.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactDigest([u8; 16]);

impl ArtifactDigest {
    /// Returns the digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The name under which an engine keeps content: 32 bytes that it alone computes and understands.
///
/// Unlike a [`ContentDigest`], which the protocol fixes to hash functions that can be forged, a key is strong enough
/// to stand for the content among many users.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// Returns the key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Writes a `struct Name([u8; N])` as lower-case hex, and reads it back.
macro_rules! hex_text {
    ($name:ident, $what:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = Self([0; _]);
                let refuse = || InvalidValue::new($what, text, format!("it is not {} lower-case hex digits", bytes.0.len() * 2));
                let digits = text.as_bytes();
                if digits.len() != bytes.0.len() * 2 || !digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(refuse());
                }
                for (byte, pair) in bytes.0.iter_mut().zip(digits.chunks_exact(2)) {
                    let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
                    *byte = value(pair[0]) << 4 | value(pair[1]);
                }
                Ok(bytes)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
hex_text!(ArtifactDigest, "artifact digest");
hex_text!(ContentKey, "content key");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_round_trip_through_name_folder_and_code() {
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(
                DigestAlgorithm::from_folder(algorithm.folder()),
                Some(algorithm)
            );
            assert_eq!(
                DigestAlgorithm::from_code(algorithm.code()),
                Some(algorithm)
            );
        }
        assert_eq!(DigestAlgorithm::ALL[0], DigestAlgorithm::default());
        let error = "SHA1".parse::<DigestAlgorithm>().unwrap_err();
        assert!(error.to_string().contains("`MD5`, `XXH128`"), "{error}");
    }

    #[test]
    fn content_digests_round_trip_through_base64() {
        for algorithm in DigestAlgorithm::ALL {
            let digest = ContentDigest::from_base64(algorithm, "sZRqySSS0jR8YjW00mERhA==");
            assert_eq!(
                digest.map(|d| (d.algorithm(), d.to_string())),
                Ok((algorithm, "sZRqySSS0jR8YjW00mERhA==".into()))
            );
        }
    }

    #[test]
    fn only_sixteen_bytes_are_a_content_digest() {
        for text in [
            "",
            "sZRq",
            "not base64!",
            "sZRqySSS0jR8YjW00mERhA",
            "sZRqySSS0jR8YjW00mERhAAA",
        ] {
            assert!(
                ContentDigest::from_base64(DigestAlgorithm::Md5, text).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn artifact_digests_round_trip_through_hex() {
        let text = "64e7c61456b10382e2f3b571ac24b659";
        assert_eq!(
            text.parse::<ArtifactDigest>()
                .map(|d| d.to_string())
                .as_deref(),
            Ok(text)
        );
        for wrong in [
            "",
            "64",
            "64E7C61456B10382E2F3B571AC24B659",
            "zze7c61456b10382e2f3b571ac24b659",
        ] {
            assert!(wrong.parse::<ArtifactDigest>().is_err(), "{wrong}");
        }
    }
}
