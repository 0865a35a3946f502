//! Names of stored content.

use std::fmt;

use artifact_core::ContentKey;

/// The first component of places that are derived from the content.
const BY_SHA256: &str = "sha256/";

/// The name under which a [`BlobStore`](super::BlobStore) keeps content: chosen by the store, opaque to all others.
///
/// A `/`-separated path, as keys of object stores are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(Box<str>);

impl Place {
    /// Returns the place with this name.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// Returns the place of content in stores that name it by its SHA-256: `sha256/ab/cdef…`.
    #[must_use]
    pub fn of_content(key: &ContentKey) -> Self {
        // Fan-out by the first byte keeps folders small: 400 files each at 100,000 blobs.
        let [first, rest @ ..] = key.as_bytes();
        let mut name = String::with_capacity(BY_SHA256.len() + 65);
        name.push_str(BY_SHA256);
        push_hex(&mut name, *first);
        name.push('/');
        for byte in rest {
            push_hex(&mut name, *byte);
        }
        Self(name.into())
    }

    /// Returns the key of the content, if the place is named by it as [`of_content`](Self::of_content) does.
    #[must_use]
    pub fn content_key(&self) -> Option<ContentKey> {
        let (folder, file) = self.0.strip_prefix(BY_SHA256)?.split_once('/')?;
        if folder.len() != 2 {
            return None;
        }
        let key: ContentKey = format!("{folder}{file}").parse().ok()?;
        // Two spellings of one place would be two places.
        (Self::of_content(&key) == *self).then_some(key)
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0xf] {
        text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Stored content: its key, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// The SHA-256 of the content.
    pub key: ContentKey,
    /// The place that the store chose.
    pub place: Place,
}

impl BlobRef {
    /// Returns content whose place is named by its key.
    #[must_use]
    pub fn of_content(key: ContentKey) -> Self {
        Self {
            place: Place::of_content(&key),
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_named_by_content_lead_back_to_the_key() {
        let key = ContentKey::from_bytes([0xab; 32]);
        let place = Place::of_content(&key);
        assert_eq!(place.as_str(), format!("sha256/ab/{}", "ab".repeat(31)));
        assert_eq!(place.content_key(), Some(key));
    }

    #[test]
    fn other_places_have_no_content_key() {
        let rest = "AB".repeat(31);
        for name in [
            "",
            "17",
            "sha256/ab",
            "sha256/ab/../../etc/passwd",
            &format!("sha256/ab/{rest}"),
            &format!("sha256/AB/{}", rest.to_lowercase()),
            &format!("sha256/aba/{}", &rest.to_lowercase()[1..]),
        ] {
            assert_eq!(Place::new(name).content_key(), None, "{name}");
        }
    }
}
