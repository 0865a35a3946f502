//! An artifact being put together: what goes into the next version.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;

use crate::{
    ArtifactName, ArtifactType, DigestAlgorithm, InvalidValue, LogicalPath, Metadata, ReferenceUri,
    Ttl,
};

/// Whether a file may change between being added and being logged.
///
/// Source: `policy` of `add_file` in wandb 0.31.0. There, `mutable` copies the file at once; here no file is copied
/// when it is added, and one that changes while it is logged is refused with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FilePolicy {
    /// The caller may write to the file after the log: the registry needs bytes of its own.
    #[default]
    Mutable,
    /// The caller promises that the file never changes.
    Immutable,
}

/// Where the content of an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on the local disk; read when the artifact is logged.
    File {
        /// Where the file is.
        path: PathBuf,
        /// Whether it may change.
        policy: FilePolicy,
    },
    /// Bytes in memory.
    Bytes(Bytes),
}

/// A reference to add; a prefix or folder becomes one entry per object when the artifact is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddReference {
    /// What is referenced.
    pub uri: ReferenceUri,
    /// The entry's path, or for a prefix the folder of its entries; else the resolver names them.
    pub name: Option<LogicalPath>,
    /// Whether the store is asked for digest and size; without, the URI itself is the digest.
    pub checksum: bool,
    /// The most objects that a prefix may expand to; one more is an error.
    pub max_objects: u64,
}

impl AddReference {
    /// How many objects a prefix may expand to unless the caller says otherwise.
    ///
    /// Source: the W&B page on creating artifacts.
    pub const DEFAULT_MAX_OBJECTS: u64 = 10_000;

    /// Returns the reference to `uri`, checksummed, named by the resolver.
    #[must_use]
    pub const fn new(uri: ReferenceUri) -> Self {
        Self {
            uri,
            name: None,
            checksum: true,
            max_objects: Self::DEFAULT_MAX_OBJECTS,
        }
    }
}

/// Why something cannot be added to a draft, or removed from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A name, path, alias or type breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Nothing is at the path that was to be removed.
    #[error("nothing is at {path} in the artifact, so nothing was removed")]
    NotFound {
        /// What was to be removed.
        path: LogicalPath,
    },
    /// One entry's path is a folder of another's.
    #[error("{path} would be a file and a folder at once, because {inner} is in the artifact too")]
    FileAndFolder {
        /// The path of the file.
        path: LogicalPath,
        /// An entry below it.
        inner: LogicalPath,
    },
}

/// An artifact being put together. Nothing in it has been read yet.
///
/// A path may be claimed more than once; when the artifact is logged, all claims of a path must turn out to have the
/// same content, as in the official client, where a second `add_file` with other content is an error.
#[derive(Debug, Clone)]
pub struct ArtifactDraft {
    name: ArtifactName,
    artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// How long the version is kept.
    pub ttl: Ttl,
    /// The hash function of the entries and the artifact.
    pub algorithm: DigestAlgorithm,
    files: BTreeMap<LogicalPath, Vec<Source>>,
    references: Vec<AddReference>,
}

impl ArtifactDraft {
    /// Returns an empty draft.
    ///
    /// # Errors
    /// When W&B reserves this name in this type.
    pub fn new(name: ArtifactName, artifact_type: ArtifactType) -> Result<Self, InvalidValue> {
        artifact_type.check_name(&name)?;
        Ok(Self {
            name,
            artifact_type,
            description: None,
            metadata: Metadata::default(),
            ttl: Ttl::default(),
            algorithm: DigestAlgorithm::default(),
            files: BTreeMap::new(),
            references: Vec::new(),
        })
    }

    /// Returns the name of the collection that the version will join.
    #[must_use]
    pub const fn name(&self) -> &ArtifactName {
        &self.name
    }

    /// Returns the type.
    #[must_use]
    pub const fn artifact_type(&self) -> &ArtifactType {
        &self.artifact_type
    }

    /// Claims `path` for `source`.
    ///
    /// A source that claims it already is not added again.
    pub fn add(&mut self, path: LogicalPath, source: Source) {
        let claims = self.files.entry(path).or_default();
        if !claims.contains(&source) {
            claims.push(source);
        }
    }

    /// Puts `source` at `path`, in place of whatever claimed it before.
    pub fn replace(&mut self, path: LogicalPath, source: Source) {
        self.files.insert(path, vec![source]);
    }

    /// Records a reference; it is resolved when the artifact is logged.
    pub fn add_reference(&mut self, reference: AddReference) {
        if !self.references.contains(&reference) {
            self.references.push(reference);
        }
    }

    /// Removes the entry at `path`, or else every entry below it, references included that were named so.
    ///
    /// # Errors
    /// [`DraftError::NotFound`] when nothing is there.
    pub fn remove(&mut self, path: &LogicalPath) -> Result<(), DraftError> {
        let before = self.files.len() + self.references.len();
        if self.files.remove(path).is_none() {
            self.files.retain(|entry, _| !entry.is_at_or_below(path));
            self.references.retain(|reference| {
                reference
                    .name
                    .as_ref()
                    .is_none_or(|name| !name.is_at_or_below(path))
            });
        }
        if self.files.len() + self.references.len() == before {
            return Err(DraftError::NotFound { path: path.clone() });
        }
        Ok(())
    }

    /// Returns the paths and what claims each, in the order of the artifact digest.
    #[must_use]
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&LogicalPath, &[Source])> {
        self.files
            .iter()
            .map(|(path, claims)| (path, claims.as_slice()))
    }

    /// Takes the draft apart: the paths and what claims each, in the order of the artifact digest, and the references.
    #[must_use]
    pub fn into_contents(self) -> (BTreeMap<LogicalPath, Vec<Source>>, Vec<AddReference>) {
        (self.files, self.references)
    }

    /// Returns the references, in the order they were added.
    #[must_use]
    pub fn references(&self) -> &[AddReference] {
        &self.references
    }

    /// Checks that no entry is a folder of another; such an artifact could be logged, but never downloaded.
    ///
    /// # Errors
    /// [`DraftError::FileAndFolder`] naming both.
    pub fn check_folders<'a>(
        paths: impl IntoIterator<Item = &'a LogicalPath>,
    ) -> Result<(), DraftError> {
        let paths: std::collections::HashSet<&str> =
            paths.into_iter().map(LogicalPath::as_str).collect();
        for path in &paths {
            let Some(folder) = path
                .rmatch_indices('/')
                .map(|(end, _)| &path[..end])
                .find(|folder| paths.contains(folder))
            else {
                continue;
            };
            return Err(DraftError::FileAndFolder {
                path: folder.parse()?,
                inner: path.parse()?,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Result<ArtifactDraft, DraftError> {
        Ok(ArtifactDraft::new("n".parse()?, "dataset".parse()?)?)
    }

    fn file(path: &str) -> Source {
        Source::File {
            path: path.into(),
            policy: FilePolicy::Mutable,
        }
    }

    fn paths(draft: &ArtifactDraft) -> Vec<&str> {
        draft.files().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn paths_come_in_code_point_order() -> Result<(), DraftError> {
        let mut draft = draft()?;
        for path in ["a0", "a/b", "a.b", "a-b", "\u{1F600}", "\u{FFFD}"] {
            draft.add(path.parse()?, file("f"));
        }
        assert_eq!(
            paths(&draft),
            ["a-b", "a.b", "a/b", "a0", "\u{FFFD}", "\u{1F600}"]
        );
        Ok(())
    }

    #[test]
    fn remove_takes_an_entry_or_a_folder_and_never_a_sibling() -> Result<(), DraftError> {
        let mut draft = draft()?;
        for path in ["im/a", "im/b/c", "images/d", "e"] {
            draft.add(path.parse()?, file("f"));
        }
        draft.remove(&"im".parse()?)?;
        assert_eq!(paths(&draft), ["e", "images/d"]);
        draft.remove(&"./e".parse()?)?;
        assert_eq!(paths(&draft), ["images/d"]);
        assert_eq!(
            draft.remove(&"imag".parse()?),
            Err(DraftError::NotFound {
                path: "imag".parse()?
            })
        );
        Ok(())
    }

    #[test]
    fn the_same_source_claims_a_path_once() -> Result<(), DraftError> {
        let mut draft = draft()?;
        let path: LogicalPath = "a".parse()?;
        draft.add(path.clone(), file("f"));
        draft.add(path.clone(), file("f"));
        draft.add(path, file("g"));
        assert_eq!(
            draft.files().next().map(|(_, claims)| claims.len()),
            Some(2)
        );
        Ok(())
    }

    #[test]
    fn a_file_that_is_also_a_folder_is_found() -> Result<(), DraftError> {
        let paths: Vec<LogicalPath> = ["a", "a.b", "a/b/c", "d"]
            .iter()
            .map(|p| p.parse())
            .collect::<Result<_, _>>()?;
        let error = ArtifactDraft::check_folders(&paths);
        assert_eq!(
            error,
            Err(DraftError::FileAndFolder {
                path: "a".parse()?,
                inner: "a/b/c".parse()?
            })
        );
        assert_eq!(ArtifactDraft::check_folders(&paths[1..]), Ok(()));
        Ok(())
    }
}
