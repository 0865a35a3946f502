//! An artifact to be logged.

mod add;
mod borrowed;
mod made;
mod new_file;
mod objects;

use std::path::Path;

use artifact_core::ports::ArtifactRecord;
use artifact_core::{
    ArtifactDraft, ArtifactName, ArtifactType, DigestAlgorithm, DraftError, InvalidValue,
    LogicalPath, Metadata, ProjectAddress, Source, Ttl,
};
use artifact_flows::{InheritedEntries, InheritingDraft};
use globset::{Glob, GlobSet, GlobSetBuilder};
use manifest::Manifest;

pub use add::{AddDir, AddFile, ToReference};
use borrowed::Borrowed;
pub(crate) use made::Made;
pub use new_file::NewFile;

use crate::{Client, Error, LoggedArtifact};

/// An artifact to be logged: a name, a type, and what goes into the next version.
///
/// Adding reads nothing but names; files are read when the artifact is logged, and one that changes meanwhile is
/// refused. The calls are those of `wandb.Artifact` in the Python SDK.
///
/// ```
/// use std::io::Write as _;
///
/// use wandb_rs::{AddDir, AddFile, Artifact};
///
/// # let folder = tempfile::tempdir()?;
/// # std::env::set_current_dir(&folder)?;
/// # for path in ["hello.txt", "images/cat.png", "images/dog.png"] {
/// #     std::fs::create_dir_all("images")?;
/// #     std::fs::write(path, path)?;
/// # }
/// let mut artifact = Artifact::new("my-data", "dataset")?;
/// artifact.add_file("hello.txt")?;
/// artifact.add_file(AddFile::new("hello.txt").name("new/path/hello_world.txt"))?;
/// artifact.add_dir(AddDir::new("images").name("images"))?;
/// artifact.new_file("notes.txt", |file| file.write_all(b"made today\n"))?;
/// let paths: Vec<&str> = artifact.paths().collect();
/// assert_eq!(paths, ["hello.txt", "images/cat.png", "images/dog.png", "new/path/hello_world.txt", "notes.txt"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Artifact {
    draft: ArtifactDraft,
    /// The entries that it inherits, if it was drafted from a version.
    source: Option<DraftedFrom>,
    /// Files that were made for the artifact; they go with it.
    made: Vec<Made>,
    /// Entries of versions that it refers to, which may be of another registry than its own.
    borrowed: Vec<Borrowed>,
}

/// The version that an artifact was drafted from.
#[derive(Debug)]
struct DraftedFrom {
    project: ProjectAddress,
    kept: InheritedEntries,
}

impl Artifact {
    /// Returns an empty artifact.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the name or the type is none, or W&B reserves them.
    pub fn new<N, T>(name: N, artifact_type: T) -> Result<Self, Error>
    where
        N: TryInto<ArtifactName>,
        T: TryInto<ArtifactType>,
        Error: From<N::Error> + From<T::Error>,
    {
        let draft = ArtifactDraft::new(name.try_into()?, artifact_type.try_into()?)?;
        Ok(Self {
            draft,
            source: None,
            made: Vec::new(),
            borrowed: Vec::new(),
        })
    }

    /// Returns a draft of the next version, which takes over the entries of `record`.
    pub(crate) fn drafted_from(record: &ArtifactRecord, entries: Manifest) -> Result<Self, Error> {
        let mut draft = ArtifactDraft::new(record.name.clone(), record.artifact_type.clone())?;
        draft.description.clone_from(&record.description);
        draft.metadata = record.metadata.clone();
        draft.algorithm = record.algorithm;
        Ok(Self {
            draft,
            source: Some(DraftedFrom {
                project: record.project.clone(),
                kept: InheritedEntries {
                    artifact: record.id.clone(),
                    entries,
                },
            }),
            made: Vec::new(),
            borrowed: Vec::new(),
        })
    }

    /// Describes the artifact.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.draft.description = Some(text.into());
        self
    }

    /// Gives the artifact metadata: a JSON object with at most 100 keys.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no object, or has too many keys.
    pub fn metadata(mut self, object: serde_json::Value) -> Result<Self, Error> {
        self.draft.metadata = Metadata::try_from(object)?;
        Ok(self)
    }

    /// Sets the time to live of the version.
    #[must_use]
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.draft.ttl = ttl;
        self
    }

    /// Sets the hash function; MD5 by default.
    #[must_use]
    pub const fn digest_algorithm(mut self, algorithm: DigestAlgorithm) -> Self {
        self.draft.algorithm = algorithm;
        self
    }

    /// Sets whether the artifact extends the newest version, instead of replacing it: what is in the newest version
    /// and not in here stays.
    #[must_use]
    pub const fn incremental(mut self, is_incremental: bool) -> Self {
        self.draft.is_incremental = is_incremental;
        self
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &ArtifactName {
        self.draft.name()
    }

    /// Returns the type.
    #[must_use]
    pub const fn artifact_type(&self) -> &ArtifactType {
        self.draft.artifact_type()
    }

    /// Returns the paths of the files in it, sorted, and of what it takes over from a version. References have theirs when
    /// they are resolved.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let own = self.draft.paths();
        let kept = self
            .source
            .iter()
            .flat_map(|source| source.kept.entries.iter());
        let mut kept = kept.map(|(path, _)| path).peekable();
        let mut own = own.peekable();
        std::iter::from_fn(move || {
            let next = match (own.peek(), kept.peek()) {
                (Some(first), Some(second)) if first == second => {
                    kept.next();
                    own.next()
                }
                (Some(first), Some(second)) if first < second => own.next(),
                (_, Some(_)) => kept.next(),
                _ => own.next(),
            };
            next.map(LogicalPath::as_str)
        })
    }

    /// Adds a local file; its name in the artifact is its base name by default.
    ///
    /// Adding the same path again is fine as long as the content turns out to be the same.
    ///
    /// # Errors
    /// [`Error::Scan`] when there is no such file, or it is none; [`Error::Invalid`] when its name is no path in an
    /// artifact.
    pub fn add_file(&mut self, file: impl Into<AddFile>) -> Result<LogicalPath, Error> {
        let file = file.into();
        let stamp = artifact_flows::stat_file(&file.local)?;
        let path: LogicalPath = match &file.name {
            Some(name) => name.parse()?,
            None => base_name(&file)?,
        };
        let source = Source::File {
            path: file.local,
            stamp,
        };
        if file.overwrite {
            self.replace(path.clone(), source);
        } else {
            self.draft.add(path.clone(), source);
        }
        Ok(path)
    }

    /// Adds every file in a local folder, hidden ones included; their paths are those in the folder, below `name` if
    /// one is given. Returns their number.
    ///
    /// # Errors
    /// [`Error::Scan`] when something in the folder cannot be added; then nothing is.
    pub fn add_dir(&mut self, folder: impl Into<AddDir>) -> Result<usize, Error> {
        let folder = folder.into();
        let prefix = folder.prefix()?;
        let found =
            artifact_flows::scan_folder(&folder.local, prefix.as_ref(), &globs(&folder.exclude)?)?;
        let count = found.len();
        let sources = found.into_iter().map(|file| {
            (
                file.path,
                Source::File {
                    path: file.local,
                    stamp: file.stamp,
                },
            )
        });
        if folder.merge {
            sources.for_each(|(path, source)| self.replace(path, source));
        } else {
            self.draft.add_all(sources);
        }
        Ok(count)
    }

    /// Makes a file in the artifact out of what `write` writes. It is there once `write` has returned `Ok`.
    ///
    /// # Errors
    /// [`Error::Exists`] when the path is taken, [`Error::NewFile`] when `write` fails; then nothing is added.
    pub fn new_file(
        &mut self,
        name: impl AsRef<str>,
        write: impl FnOnce(&mut NewFile) -> std::io::Result<()>,
    ) -> Result<LogicalPath, Error> {
        let path: LogicalPath = name.as_ref().parse()?;
        let is_kept = |source: &DraftedFrom| source.kept.entries.get(&path).is_some();
        if self.draft.has_file(&path) || self.source.as_ref().is_some_and(is_kept) {
            return Err(Error::Exists { path });
        }
        let mut file = NewFile::default();
        let written = write(&mut file).and_then(|()| file.into_source());
        let (source, made) = written.map_err(|source| Error::NewFile {
            path: path.clone(),
            source,
        })?;
        self.draft.add(path.clone(), source);
        self.made.extend(made.map(Made::File));
        Ok(path)
    }

    /// Adds a reference to content that stays where it is. It is resolved when the artifact is logged.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no URI.
    pub fn add_reference(&mut self, reference: impl ToReference) -> Result<(), Error> {
        self.draft.add_reference(reference.to_reference()?);
        Ok(())
    }

    /// Removes the entry at `path`, or every entry below it.
    ///
    /// # Errors
    /// [`Error::Draft`] when nothing is there.
    pub fn remove(&mut self, path: impl AsRef<str>) -> Result<(), Error> {
        let path = path.as_ref().parse()?;
        let was_kept = self.forget_kept(&path);
        match self.draft.remove(&path) {
            Err(DraftError::NotFound { .. }) if was_kept => Ok(()),
            removed => Ok(removed?),
        }
    }

    fn replace(&mut self, path: LogicalPath, source: Source) {
        if let Some(DraftedFrom { kept, .. }) = &mut self.source
            && kept.entries.get(&path).is_some()
        {
            kept.entries.retain(|kept, _| *kept != path);
        }
        self.draft.replace(path, source);
    }

    /// Forgets what was taken over at `path`, or else below it; returns whether there was something.
    fn forget_kept(&mut self, path: &LogicalPath) -> bool {
        let Some(DraftedFrom { kept, .. }) = &mut self.source else {
            return false;
        };
        let before = kept.entries.len();
        if kept.entries.get(path).is_some() {
            kept.entries.retain(|kept, _| kept != path);
        } else {
            kept.entries.retain(|kept, _| !kept.is_at_or_below(path));
        }
        kept.entries.len() < before
    }

    /// Logs the artifact outside a run of the caller's, with the client that the environment describes.
    ///
    /// # Errors
    /// As [`Client::save`].
    pub async fn save(self) -> Result<LoggedArtifact, Error> {
        Client::from_env()?.save(self).await
    }

    /// Returns whether it has a file below `folder`, which is absolute.
    pub(crate) fn reads_from(&self, folder: &Path) -> bool {
        let start = folder.as_os_str().as_encoded_bytes();
        // Texts compare faster than paths, and nearly every file is elsewhere.
        let is_below = |path: &Path| {
            path.as_os_str().as_encoded_bytes().starts_with(start) && path.starts_with(folder)
        };
        self.draft.sources().any(|source| match source {
            Source::File { path, .. } if path.is_absolute() => is_below(path),
            Source::File { path, .. } => {
                std::path::absolute(path).is_ok_and(|path| is_below(&path))
            }
            Source::Bytes(_) => false,
        })
    }

    /// Returns the project of the version that it was drafted from.
    pub(crate) fn source_project(&self) -> Option<&ProjectAddress> {
        self.source.as_ref().map(|source| &source.project)
    }

    pub(crate) fn into_parts(self) -> (InheritingDraft, Vec<Made>) {
        let drafted = InheritingDraft {
            draft: self.draft,
            inherited: self.source.map(|source| source.kept),
        };
        (drafted, self.made)
    }
}

fn base_name(file: &AddFile) -> Result<LogicalPath, Error> {
    let name = file.local.file_name().unwrap_or_default();
    match name.to_str() {
        Some(name) => Ok(name.parse()?),
        None => Err(InvalidValue::new(
            "file name",
            name.to_string_lossy(),
            "it is not UTF-8; give the file a name in the artifact",
        )
        .into()),
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|source| Error::Pattern {
            pattern: pattern.clone(),
            source,
        })?);
    }
    set.build().map_err(|source| Error::Pattern {
        pattern: patterns.join(" "),
        source,
    })
}
