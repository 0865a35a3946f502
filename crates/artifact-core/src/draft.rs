//! An artifact that is being assembled: the contents of its next version.

mod files;

use std::collections::HashSet;
use std::path::PathBuf;

use bytes::Bytes;

use files::Files;

use crate::{
    ArtifactName, ArtifactType, DigestAlgorithm, FileStamp, InvalidValue, LogicalPath, Metadata,
    ReferenceUri, Ttl,
};

/// The source of an entry's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on the local disk; read when the artifact is logged, unless its content is known already.
    File {
        /// The path of the file.
        path: PathBuf,
        /// Its size, times and identity when it was added. A file with the same stamp as one whose content is known
        /// is not read again.
        stamp: FileStamp,
    },
    /// Bytes in memory.
    Bytes(Bytes),
}

/// A reference to add; a prefix or folder becomes one entry per object when the artifact is logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddReference {
    /// The URI of the object, prefix or folder.
    pub uri: ReferenceUri,
    /// The entry's path, or for a prefix the folder of its entries; by default the resolver names them.
    pub name: Option<LogicalPath>,
    /// Whether the store is asked for digest and size; without, the URI itself is the digest.
    pub checksum: bool,
    /// The most objects that a prefix may expand to; one more is an error.
    pub max_objects: u64,
    /// Whether a URI without any object is accepted, as no entry, instead of being an error.
    pub allow_empty: bool,
}

impl AddReference {
    /// The default maximum of objects that a prefix may expand to.
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
            allow_empty: false,
        }
    }
}

/// The error of adding to a draft, or removing from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A name, path, alias or type breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// The path to remove is not in the artifact.
    #[error("nothing is at {path} in the artifact, so nothing was removed")]
    NotFound {
        /// The path to remove.
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

/// An artifact that is being assembled. Nothing in it has been read yet.
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
    /// The time to live of the version.
    pub ttl: Ttl,
    /// The hash function of the entries and the artifact.
    pub algorithm: DigestAlgorithm,
    /// Whether its entries are added to those of the newest version, instead of replacing them.
    pub is_incremental: bool,
    files: Files,
    /// Further claims of paths in `files`.
    repeats: Vec<(LogicalPath, Source)>,
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
            is_incremental: false,
            files: Files::new(),
            repeats: Vec::new(),
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
    pub fn add(&mut self, path: LogicalPath, source: Source) {
        match self.files.get(&path) {
            None => self.files.insert(path, source),
            Some(claimed) if *claimed == source => {}
            Some(_) => self.repeats.push((path, source)),
        }
    }

    /// Claims many paths; as [`add`](Self::add) for each, but faster.
    pub fn add_all(&mut self, sources: impl IntoIterator<Item = (LogicalPath, Source)>) {
        if let Err(sources) = self.files.append(sources.into_iter().collect()) {
            for (path, source) in sources {
                self.add(path, source);
            }
        }
    }

    /// Puts `source` at `path`, in place of whatever claimed it before.
    pub fn replace(&mut self, path: LogicalPath, source: Source) {
        self.repeats.retain(|(repeated, _)| *repeated != path);
        self.files.insert(path, source);
    }

    /// Records a reference; it is resolved when the artifact is logged.
    pub fn add_reference(&mut self, reference: AddReference) {
        if !self.references.contains(&reference) {
            self.references.push(reference);
        }
    }

    /// Records many references; as [`add_reference`](Self::add_reference) for each, but faster.
    pub fn add_references(&mut self, references: impl IntoIterator<Item = AddReference>) {
        let mut known: HashSet<AddReference> = self.references.iter().cloned().collect();
        let is_new = |reference: &AddReference| known.insert(reference.clone());
        self.references
            .extend(references.into_iter().filter(is_new));
    }

    /// Takes the references that `is_wanted` names out again.
    pub fn take_references(
        &mut self,
        mut is_wanted: impl FnMut(&AddReference) -> bool,
    ) -> Vec<AddReference> {
        let taken = self
            .references
            .extract_if(.., |reference| is_wanted(reference));
        taken.collect()
    }

    /// Removes the entry at `path`, or else every entry below it, references included that were named so.
    ///
    /// # Errors
    /// [`DraftError::NotFound`] when nothing is there.
    pub fn remove(&mut self, path: &LogicalPath) -> Result<(), DraftError> {
        let before = self.files.len() + self.references.len();
        if self.files.remove(path).is_none() {
            self.files.retain(|entry| !entry.is_at_or_below(path));
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
        let files = &self.files;
        self.repeats
            .retain(|(repeated, _)| files.get(repeated).is_some());
        Ok(())
    }

    /// Returns the paths of the files, in the order of the artifact digest.
    pub fn paths(&self) -> impl Iterator<Item = &LogicalPath> {
        self.files.iter().map(|(path, _)| path)
    }

    /// Returns where the content of the files comes from.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let files = self.files.iter().map(|(_, source)| source);
        files.chain(self.repeats.iter().map(|(_, source)| source))
    }

    /// Whether a file is at `path`.
    #[must_use]
    pub fn has_file(&self, path: &LogicalPath) -> bool {
        self.files.get(path).is_some()
    }

    /// Whether a file is at `path`, or a reference that was named so.
    #[must_use]
    pub fn has_entry(&self, path: &LogicalPath) -> bool {
        let mut references = self.references.iter();
        self.has_file(path) || references.any(|reference| reference.name.as_ref() == Some(path))
    }

    /// Takes the draft apart.
    #[must_use]
    pub fn into_contents(self) -> DraftContents {
        DraftContents {
            files: self.files.into_sorted(),
            repeats: self.repeats,
            references: self.references,
        }
    }

    /// Returns the references, in the order they were added.
    #[must_use]
    pub fn references(&self) -> &[AddReference] {
        &self.references
    }

    /// Checks that no entry is a folder of another; such an artifact could be logged, but never downloaded.
    ///
    /// `paths` must be sorted.
    ///
    /// # Errors
    /// [`DraftError::FileAndFolder`] naming both.
    pub fn check_folders<'a>(
        paths: impl IntoIterator<Item = &'a LogicalPath>,
    ) -> Result<(), DraftError> {
        // All paths that begin with the same text follow each other, so those that could be a folder of the next are
        // few: each begins with the one before it.
        let mut beginnings: Vec<&LogicalPath> = Vec::new();
        for inner in paths {
            while beginnings
                .pop_if(|path| !inner.as_str().starts_with(path.as_str()))
                .is_some()
            {}
            if let Some(path) = beginnings
                .iter()
                .find(|path| inner != **path && inner.is_at_or_below(path))
            {
                return Err(DraftError::FileAndFolder {
                    path: (*path).clone(),
                    inner: inner.clone(),
                });
            }
            beginnings.push(inner);
        }
        Ok(())
    }
}

/// The contents of a draft.
#[derive(Debug, Clone)]
pub struct DraftContents {
    /// The files, in the order of the artifact digest, each path once.
    pub files: Vec<(LogicalPath, Source)>,
    /// Further claims of paths in `files`, in the order they were made.
    pub repeats: Vec<(LogicalPath, Source)>,
    /// The references, in the order they were added.
    pub references: Vec<AddReference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Result<ArtifactDraft, DraftError> {
        Ok(ArtifactDraft::new("n".parse()?, "dataset".parse()?)?)
    }

    fn file(path: &str) -> Source {
        let stamp = FileStamp {
            size: 1,
            modified: 1,
            changed: 1,
            inode: 1,
            device: 1,
        };
        Source::File {
            path: path.into(),
            stamp,
        }
    }

    fn paths(draft: &ArtifactDraft) -> Vec<&str> {
        draft.paths().map(LogicalPath::as_str).collect()
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
    fn other_claims_of_a_path_are_kept_until_it_goes() -> Result<(), DraftError> {
        let repeats = |draft: &ArtifactDraft| draft.clone().into_contents().repeats.len();
        let mut draft = draft()?;
        let path: LogicalPath = "a".parse()?;
        draft.add(path.clone(), file("f"));
        draft.add(path.clone(), file("f"));
        assert_eq!(repeats(&draft), 0);
        draft.add(path.clone(), file("g"));
        assert_eq!(repeats(&draft), 1);
        draft.replace(path.clone(), file("h"));
        assert_eq!(repeats(&draft), 0);
        draft.add(path.clone(), file("g"));
        draft.remove(&path)?;
        assert_eq!(repeats(&draft), 0);
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
