//! The type of an artifact: `dataset`, `model`, …

use super::text::checked_text;
use crate::ArtifactName;

/// Type of an artifact, such as `dataset` or `model`.
///
/// Any text, spaces and non-ASCII included, except control characters. Some types W&B keeps for itself, and its own client
/// logs under them; nobody else may, which [`check_name`](Self::check_name) is about.
///
/// Source: `wandb.Artifact(type=…)` of wandb 0.31.0, which also accepts control characters and the empty text; here
/// they are errors, since no listing could show them.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactType(String);

const RESERVED_PREFIX: &str = "wandb-";

checked_text!(ArtifactType, "artifact type", check);

impl ArtifactType {
    /// Checks that artifacts of the user's own may have this type. Reserved are `job` and whatever starts with `wandb-`.
    ///
    /// # Errors
    /// When the type is reserved.
    pub fn check_unreserved(&self) -> Result<(), crate::InvalidValue> {
        let refused =
            |reason: String| Err(crate::InvalidValue::new("artifact type", &self.0, reason));
        if self.0 == "job" {
            return refused("W&B reserves this type for itself".into());
        }
        if self.0.starts_with(RESERVED_PREFIX) {
            return refused(format!(
                "W&B reserves types that start with `{RESERVED_PREFIX}` for itself"
            ));
        }
        Ok(())
    }

    /// Checks that an artifact of the user's own may have this type and name. Beside the types that are reserved as such,
    /// `run_table` is for names that start with `run-`, and `code` for names that start with `source-`.
    ///
    /// # Errors
    /// When the type or the pair is reserved.
    pub fn check_name(&self, name: &ArtifactName) -> Result<(), crate::InvalidValue> {
        self.check_unreserved()?;
        let reserved = [("run_table", "run-"), ("code", "source-")];
        match reserved
            .iter()
            .find(|(of_type, prefix)| self.0 == *of_type && name.as_str().starts_with(prefix))
        {
            None => Ok(()),
            Some((of_type, prefix)) => Err(crate::InvalidValue::new(
                "artifact name",
                name.as_str(),
                format!(
                    "W&B reserves names that start with `{prefix}` in type `{of_type}` for itself"
                ),
            )),
        }
    }
}

fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    match text.chars().find(|c| c.is_control()) {
        Some(control) => Err(format!("{control:?} is a control character")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_any_printable_text() {
        for text in [
            "dataset",
            "my type",
            "a/b:c",
            "wandb",
            "données",
            &"t".repeat(300),
        ] {
            assert!(text.parse::<ArtifactType>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn reserved_types_are_types_but_no_user_s() -> Result<(), crate::InvalidValue> {
        let name: ArtifactName = "name".parse()?;
        for text in ["job", "wandb-history", "wandb-"] {
            assert!(
                text.parse::<ArtifactType>()?.check_name(&name).is_err(),
                "{text:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn rejects_what_no_listing_could_show() {
        for text in ["", "a\nb", "a\0"] {
            assert!(text.parse::<ArtifactType>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn some_names_are_reserved_in_some_types() -> Result<(), crate::InvalidValue> {
        let run_table: ArtifactType = "run_table".parse()?;
        let code: ArtifactType = "code".parse()?;
        assert!(run_table.check_name(&"run-1-table".parse()?).is_err());
        assert!(run_table.check_name(&"table".parse()?).is_ok());
        assert!(code.check_name(&"source-main".parse()?).is_err());
        assert!(code.check_name(&"run-1".parse()?).is_ok());
        Ok(())
    }
}
