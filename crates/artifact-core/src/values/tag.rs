//! Tags of a version or a collection.

use super::text::checked_text;

/// A tag of a version or a collection.
///
/// Words of letters, digits, `_` and `-` (Unicode counts), with one or more spaces between them; one to
/// [`MAX_CHARS`](Self::MAX_CHARS) characters.
///
/// Source: the tag pattern of wandb 0.31.0, which refuses the vowel signs of some scripts where this does not; the
/// length is `TagInput`'s in the wire protocol.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

checked_text!(Tag, "tag", check);

impl Tag {
    /// The longest tag, in characters.
    pub const MAX_CHARS: usize = 128;
}

fn check(text: &str) -> Result<(), String> {
    if let Some(wrong) = text
        .chars()
        .find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | ' ')))
    {
        return Err(format!(
            "{wrong:?} is not allowed, only letters, digits, `_`, `-` and spaces between words are"
        ));
    }
    match text.chars().count() {
        0 => Err("it is empty".into()),
        n if Tag::MAX_CHARS < n => Err(format!(
            "it has {n} characters, at most {} are allowed",
            Tag::MAX_CHARS
        )),
        _ if text.starts_with(' ') || text.ends_with(' ') => {
            Err("it starts or ends with a space".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_words() {
        for text in ["a", "two words", "two  spaces", "a-b_c", "日本語", "-"] {
            assert!(text.parse::<Tag>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn rejects_everything_else() {
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a.b",
            "a/b",
            "a\n",
            "a\tb",
            &"t".repeat(129),
        ] {
            assert!(text.parse::<Tag>().is_err(), "{text:?}");
        }
    }
}
