//! Addresses of artifacts and of the entries in them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::{
    Alias, ArtifactName, EntityName, InvalidValue, LogicalPath, ProjectAddress, ProjectName,
    VersionIndex,
};

const SCHEME: &str = "wandb-artifact://";

/// Which version of a collection is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VersionSelector {
    /// The version with this index.
    Version(VersionIndex),
    /// The version that bears this alias.
    Alias(Alias),
}

impl VersionSelector {
    /// Returns the selector of the newest version.
    #[must_use]
    pub fn latest() -> Self {
        Self::Alias(Alias::latest())
    }
}

impl std::str::FromStr for VersionSelector {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if VersionIndex::is_version_text(text) {
            return text.parse().map(Self::Version);
        }
        text.parse().map(Self::Alias)
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(formatter),
            Self::Alias(alias) => alias.fmt(formatter),
        }
    }
}

/// Address of an artifact as a user writes it: `[[entity/]project/]name[:alias|:vN]`.
///
/// The text is split at the first `:`, the part before it at `/`; an empty entity or project counts as not given. The
/// same after `wandb-artifact://`, where entity, project and name must all be there.
///
/// Source: the artifact paths of wandb 0.31.0, which does not check the name and the alias; here they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactAddress {
    entity: Option<EntityName>,
    project: Option<ProjectName>,
    name: ArtifactName,
    selector: Option<VersionSelector>,
}

impl ArtifactAddress {
    /// Returns the entity, where one is given.
    #[must_use]
    pub const fn entity(&self) -> Option<&EntityName> {
        self.entity.as_ref()
    }

    /// Returns the project, where one is given.
    #[must_use]
    pub const fn project(&self) -> Option<&ProjectName> {
        self.project.as_ref()
    }

    /// Returns the name of the collection.
    #[must_use]
    pub const fn name(&self) -> &ArtifactName {
        &self.name
    }

    /// Returns the alias or version, where one is given.
    #[must_use]
    pub const fn selector(&self) -> Option<&VersionSelector> {
        self.selector.as_ref()
    }

    /// Returns the address with what is missing taken from `defaults`, and `latest` where no version is given.
    #[must_use]
    pub fn qualify(self, defaults: &ProjectAddress) -> QualifiedAddress {
        QualifiedAddress {
            project: ProjectAddress {
                entity: self.entity.unwrap_or_else(|| defaults.entity.clone()),
                project: self.project.unwrap_or_else(|| defaults.project.clone()),
            },
            name: self.name,
            selector: self.selector.unwrap_or_else(VersionSelector::latest),
        }
    }
}

impl From<ArtifactName> for ArtifactAddress {
    fn from(name: ArtifactName) -> Self {
        Self {
            entity: None,
            project: None,
            name,
            selector: None,
        }
    }
}

impl std::str::FromStr for ArtifactAddress {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: String| InvalidValue::new("artifact address", text, reason);
        let within = |part: InvalidValue| refuse(part.to_string());
        let (path, is_uri) = text
            .strip_prefix(SCHEME)
            .map_or((text, false), |rest| (rest, true));
        let (left, selector) = match path.split_once(':') {
            Some((left, selector)) => (left, Some(selector.parse().map_err(within)?)),
            None => (path, None),
        };
        let mut pieces = left.rsplit('/');
        let name = pieces.next().unwrap_or_default().parse().map_err(within)?;
        let mut piece = || pieces.next().filter(|piece| !piece.is_empty());
        let project = piece().map(str::parse).transpose().map_err(within)?;
        let entity = piece().map(str::parse).transpose().map_err(within)?;
        if pieces.next().is_some() {
            return Err(refuse("it has more pieces than entity/project/name".into()));
        }
        if is_uri && (entity.is_none() || project.is_none()) {
            return Err(refuse(format!(
                "`{SCHEME}` must be followed by entity/project/name"
            )));
        }
        Ok(Self {
            entity,
            project,
            name,
            selector,
        })
    }
}

impl TryFrom<&str> for ArtifactAddress {
    type Error = InvalidValue;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for ArtifactAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entity) = &self.entity {
            write!(formatter, "{entity}/")?;
        }
        match &self.project {
            Some(project) => write!(formatter, "{project}/")?,
            // The slash keeps the entity in the entity's place.
            None if self.entity.is_some() => formatter.write_str("/")?,
            None => {}
        }
        self.name.fmt(formatter)?;
        self.selector
            .iter()
            .try_for_each(|selector| write!(formatter, ":{selector}"))
    }
}

/// Address of one version in full: `entity/project/name:selector`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedAddress {
    /// The project that the collection belongs to.
    pub project: ProjectAddress,
    /// The collection.
    pub name: ArtifactName,
    /// The version in it.
    pub selector: VersionSelector,
}

impl fmt::Display for QualifiedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}/{}:{}",
            self.project, self.name, self.selector
        )
    }
}

/// Address of one entry of a logged artifact: `wandb-artifact://<hex id>/<path>`.
///
/// The id is the registry's artifact id, base64 turned into lower-case hex.
///
/// Source: references between artifacts of wandb 0.31.0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryUri {
    artifact_id: Box<str>,
    path: LogicalPath,
}

impl EntryUri {
    /// Returns the address of the entry at `path` in the artifact with this base64 `artifact_id`.
    ///
    /// # Errors
    /// When the id is empty or not standard base64.
    pub fn new(artifact_id: &str, path: LogicalPath) -> Result<Self, InvalidValue> {
        Self::start(artifact_id)?;
        Ok(Self {
            artifact_id: artifact_id.into(),
            path,
        })
    }

    /// Returns what the addresses of all entries of an artifact start with; `/` and the path follow.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn start(artifact_id: &str) -> Result<String, InvalidValue> {
        match BASE64.decode(artifact_id) {
            Ok(bytes) if !bytes.is_empty() => {
                let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
                Ok(SCHEME.to_owned() + &hex.collect::<String>())
            }
            _ => Err(InvalidValue::new(
                "artifact id",
                artifact_id,
                "it is not standard base64",
            )),
        }
    }

    /// Returns the registry's id of the artifact, in base64.
    #[must_use]
    pub fn artifact_id(&self) -> &str {
        &self.artifact_id
    }

    /// Returns the path of the entry.
    #[must_use]
    pub const fn path(&self) -> &LogicalPath {
        &self.path
    }
}

impl fmt::Display for EntryUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = Self::start(&self.artifact_id).map_err(|_| fmt::Error)?;
        write!(formatter, "{start}/{}", self.path)
    }
}

impl std::str::FromStr for EntryUri {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: String| InvalidValue::new("artifact entry URI", text, reason);
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| refuse(format!("it does not start with `{SCHEME}`")))?;
        let (hex, path) = rest
            .split_once('/')
            .ok_or_else(|| refuse("no path follows the artifact id".into()))?;
        let digit = |digit: &u8| {
            char::from(*digit)
                .to_digit(16)
                .filter(|_| !digit.is_ascii_uppercase())
        };
        let bytes: Option<Vec<u8>> = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
                _ => None,
            })
            .collect();
        let id = bytes
            .filter(|bytes| !bytes.is_empty())
            .ok_or_else(|| refuse("the artifact id is not lower-case hex".into()))?;
        Self::new(&BASE64.encode(id), path.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four parts, each empty where it is not given.
    fn parts(text: &str) -> Option<[String; 4]> {
        let address: ArtifactAddress = text.parse().ok()?;
        let text = |part: Option<String>| part.unwrap_or_default();
        Some([
            text(address.entity().map(ToString::to_string)),
            text(address.project().map(ToString::to_string)),
            address.name().to_string(),
            text(address.selector().map(ToString::to_string)),
        ])
    }

    #[test]
    fn splits_as_the_official_client_does() {
        for (text, expected) in [
            ("n", ["", "", "n", ""]),
            ("p/n:latest", ["", "p", "n", "latest"]),
            ("e/p/n:v3", ["e", "p", "n", "v3"]),
            ("/n", ["", "", "n", ""]),
            ("e//n", ["e", "", "n", ""]),
            ("wandb-artifact://e/p/n:best", ["e", "p", "n", "best"]),
        ] {
            assert_eq!(parts(text), Some(expected.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn rejects_what_cannot_be_an_artifact() {
        for text in [
            "",
            ":v0",
            "p/",
            "n:",
            "e/p/x/n",
            "a:b:c",
            "e/p/n:with/slash",
            "n:v01",
            "wandb-artifact://p/n",
            "a b",
        ] {
            assert_eq!(parts(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_error_names_the_address_and_the_piece() {
        let error = "e/p/a b:v1"
            .parse::<ArtifactAddress>()
            .map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("invalid artifact address \"e/p/a b:v1\": invalid artifact name \"a b\": ' ' is not allowed, \
                 only letters, digits, `_`, `-` and `.` are"
                .into())
        );
    }

    #[test]
    fn entry_uris_spell_the_id_in_hex() -> Result<(), InvalidValue> {
        let uri = EntryUri::new("QXJ0aWZhY3Q6MQ==", "d/h.txt".parse()?)?;
        assert_eq!(
            uri.to_string(),
            "wandb-artifact://41727469666163743a31/d/h.txt"
        );
        assert_eq!(uri.to_string().parse(), Ok(uri));
        for wrong in [
            "wandb-artifact://e/p/n",
            "wandb-artifact://41",
            "wandb-artifact:///a",
            "wandb-artifact://4/a",
            "s3://41/a",
        ] {
            assert!(wrong.parse::<EntryUri>().is_err(), "{wrong}");
        }
        Ok(())
    }
}
