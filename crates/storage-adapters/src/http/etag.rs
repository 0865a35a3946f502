//! Entity tags: what is recorded of them, and when two are the same.

use artifact_core::ports::ReferenceObject;

/// Returns a raw `ETag` header without its outer quotes, as entries have it for a digest.
pub(super) fn digest_of(raw: &str) -> &str {
    let text = raw.strip_prefix('"').unwrap_or(raw);
    text.strip_suffix('"').unwrap_or(text)
}

/// Whether `object` was recorded with an `ETag`, rather than with its URL for a digest.
pub(super) fn is_recorded(object: &ReferenceObject) -> bool {
    object.extra.contains_key("etag")
}

/// Whether two tags, in any of their spellings, stand for the same content.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// Returns the tag without its weakness, quotes, and the mark of a compressed variant: the official client asks for
/// compression, so what it recorded may be the tag of one.
fn bare(tag: &str) -> &str {
    let tag = digest_of(tag.strip_prefix("W/").unwrap_or(tag));
    let marks = ["-gzip", ";gzip", "--gzip", "-br", ";br"];
    marks
        .into_iter()
        .find_map(|mark| tag.strip_suffix(mark))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outer_quotes_go() {
        for (raw, digest) in [
            ("\"abc123\"", "abc123"),
            ("W/\"weak1\"", "W/\"weak1"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(digest_of(raw), digest);
        }
    }

    #[test]
    fn spellings_of_a_tag_are_the_same_and_other_tags_are_not() {
        for one in ["\"a1\"", "a1", "W/\"a1\"", "W/\"a1", "\"a1-gzip\""] {
            assert!(is_same(one, "\"a1\""), "{one}");
        }
        assert!(!is_same("\"a1\"", "\"a2\""));
    }
}
