//! Movable labels of a version.

use super::text::checked_text;
use crate::VersionIndex;

/// A movable label of one version in a collection, such as `latest` or `production`.
///
/// One to [`MAX_CHARS`](Self::MAX_CHARS) characters, none of them `/`, `:` or a control character, and not of the form
/// `v3`, which always means the version of that index.
///
/// Source: `wandb.Artifact` 0.31.0, whose check lets the empty alias and `v9` pass; here they are errors, since the
/// one cannot be written in an address and the other would hide a version.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Alias(String);

checked_text!(Alias, "alias", check);

impl Alias {
    /// The longest alias, in characters. Source: `ArtifactAliasInput` of the wire protocol.
    pub const MAX_CHARS: usize = 128;

    /// Returns `latest`, the alias that every newly logged version takes over.
    #[must_use]
    pub fn latest() -> Self {
        Self("latest".into())
    }
}

fn check(text: &str) -> Result<(), String> {
    if let Some(wrong) = text
        .chars()
        .find(|c| matches!(c, '/' | ':') || c.is_control())
    {
        return Err(format!("{wrong:?} is not allowed"));
    }
    match text.chars().count() {
        0 => Err("it is empty".into()),
        n if Alias::MAX_CHARS < n => Err(format!(
            "it has {n} characters, at most {} are allowed",
            Alias::MAX_CHARS
        )),
        _ if VersionIndex::is_version_text(text) => {
            Err("`v` followed by digits always means the version of that index".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_words_spaces_and_unicode() {
        for text in [
            "latest",
            "best model",
            "prod-2.1",
            "überprüft",
            "v",
            "v1.0",
            "version1",
        ] {
            assert!(text.parse::<Alias>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn rejects_separators_emptiness_and_versions() {
        for text in ["", "a/b", "a:b", "a\n", "v0", "v12", "v٣", &"a".repeat(129)] {
            assert!(text.parse::<Alias>().is_err(), "{text:?}");
        }
    }
}
