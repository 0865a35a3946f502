//! The name of an artifact collection.

use super::text::checked_text;

/// Name of an artifact collection, without entity, project or alias.
///
/// One to [`MAX_CHARS`](Self::MAX_CHARS) of `A-Z a-z 0-9 _ - .`, and neither `.` nor `..`, which could not name the
/// folder that a download makes.
///
/// Source: `wandb.Artifact(name=…)` of wandb 0.31.0. It lets one trailing newline and the two dot names pass; here
/// they are errors.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactName(String);

checked_text!(ArtifactName, "artifact name", check);

impl ArtifactName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Returns the name nearest to `text` that is valid: every other character becomes `_`, and of a longer text the
    /// first and last 63 characters stay around `..`.
    ///
    /// # Errors
    /// When `text` is empty, `.` or `..`: nothing near them is a name.
    ///
    /// Source: how wandb 0.31.0 names code artifacts.
    pub fn sanitized(text: &str) -> Result<Self, crate::InvalidValue> {
        const KEPT: usize = 63;
        let safe: String = text
            .chars()
            .map(|c| if is_allowed(c) { c } else { '_' })
            .collect();
        if safe.len() <= Self::MAX_CHARS {
            return safe.parse();
        }
        // All characters are ASCII by now, so bytes are characters.
        format!("{}..{}", &safe[..KEPT], &safe[safe.len() - KEPT..]).parse()
    }
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn check(text: &str) -> Result<(), String> {
    let chars = text.chars().count();
    if let Some(wrong) = text.chars().find(|c| !is_allowed(*c)) {
        return Err(format!(
            "{wrong:?} is not allowed, only letters, digits, `_`, `-` and `.` are"
        ));
    }
    match chars {
        0 => Err("it is empty".into()),
        n if ArtifactName::MAX_CHARS < n => Err(format!(
            "it has {n} characters, at most {} are allowed",
            ArtifactName::MAX_CHARS
        )),
        _ if matches!(text, "." | "..") => Err("it could not name a folder".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_the_official_client_accepts() {
        for text in ["a", "model-1.0_x", "-x", "...", &"n".repeat(128)] {
            assert_eq!(
                text.parse::<ArtifactName>().map(String::from).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn rejects_empty_long_and_foreign_characters() {
        for text in ["", "a b", "a/b", "a:b", "é", &"n".repeat(129)] {
            assert!(text.parse::<ArtifactName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn rejects_the_trailing_newline_that_the_official_client_lets_pass() {
        let error = "a\n".parse::<ArtifactName>().map_err(|e| e.to_string());
        assert_eq!(
            error,
            Err(r#"invalid artifact name "a\n": '\n' is not allowed, only letters, digits, `_`, `-` and `.` are"#
                .into())
        );
    }

    #[test]
    fn rejects_names_that_cannot_name_a_folder() {
        assert!(".".parse::<ArtifactName>().is_err());
        assert!("..".parse::<ArtifactName>().is_err());
    }

    #[test]
    fn sanitized_replaces_and_shortens() {
        assert_eq!(
            ArtifactName::sanitized("a b/ç")
                .map(String::from)
                .as_deref(),
            Ok("a_b__")
        );
        let long = ArtifactName::sanitized(&"x".repeat(200)).map(String::from);
        assert_eq!(long, Ok(format!("{}..{}", "x".repeat(63), "x".repeat(63))));
    }
}
