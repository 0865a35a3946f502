//! Entities and projects: whose an artifact is.

use super::text::{check_free_name, check_segment, checked_text};

/// Name of an entity: a user or a team.
///
/// One to 128 characters, under the same rule as a project's name.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct EntityName(String);

checked_text!(EntityName, "entity name", check);

/// Name of a project.
///
/// One to 128 characters, none of `/ \ # ? % :` and no control character; neither `.` nor `..`, which no URL can hold.
///
/// Source: `wandb.init(project=…)` of wandb 0.31.0, and the wire protocol's name rules (CR and LF).
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

checked_text!(ProjectName, "project name", check);

impl ProjectName {
    /// Returns `uncategorized`, where artifacts go when no project is named.
    #[must_use]
    pub fn uncategorized() -> Self {
        Self("uncategorized".into())
    }

    /// Whether it is a registry of an organization: `wandb-registry-NAME`.
    #[must_use]
    pub fn is_registry(&self) -> bool {
        let name = self.0.strip_prefix("wandb-registry-");
        name.is_some_and(|name| !name.is_empty())
    }
}

/// A project and the entity it belongs to, written `entity/project`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectAddress {
    /// The user or team that owns the project.
    pub entity: EntityName,
    /// The project.
    pub project: ProjectName,
}

impl std::fmt::Display for ProjectAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.entity, self.project)
    }
}

fn check(text: &str) -> Result<(), String> {
    check_segment(text)?;
    check_free_name(text, &['/', '\\', '#', '?', '%', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_free_text() {
        for text in ["p", "my project", "a.b-c_d", "données", &"p".repeat(128)] {
            assert!(text.parse::<ProjectName>().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn rejects_url_characters_and_control_characters() {
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a#",
            "a?",
            "a%",
            "a:b",
            "a\n",
            "a\r",
            " a",
            &"p".repeat(129),
        ] {
            assert!(text.parse::<ProjectName>().is_err(), "{text:?}");
            assert!(text.parse::<EntityName>().is_err(), "{text:?}");
        }
    }
}
