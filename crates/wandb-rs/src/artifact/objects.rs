//! Adding tables.

use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::{DigestAlgorithm, LogicalPath, Source};
use manifest::ContentHasher;
use tempfile::TempDir;

use super::{Artifact, Made, NewFile};
use crate::Error;
use crate::table::{ArtifactObject, TableError};

/// Below this the official client names tables by their content; not only below the folder of this name.
const NAMED_BY_CONTENT: &str = "media/tables";

impl Artifact {
    /// Adds a table: its file is there at once, and named after its kind. Returns its path: `parts/table_0` becomes
    /// `parts/table_0.table.json`.
    ///
    /// Names that begin with `media/tables` are replaced by one made of the content, as in the official client.
    ///
    /// # Errors
    /// [`Error::Exists`] when the path is taken, [`Error::Table`] when a [`JoinedTable`](crate::table::JoinedTable)
    /// names what is not in the artifact, [`Error::NewFile`] when there is no room for the file.
    pub fn add(
        &mut self,
        object: impl ArtifactObject,
        name: impl AsRef<str>,
    ) -> Result<LogicalPath, Error> {
        let kind = object.kind();
        let name: LogicalPath = name.as_ref().parse()?;
        let path: LogicalPath = kind.path(name.as_str()).parse()?;
        for needed in object.needs() {
            if !needed.parse().is_ok_and(|path| self.has_entry(&path)) {
                return Err(TableError::NotInArtifact {
                    path: needed.clone(),
                }
                .into());
            }
        }
        if !name.as_str().starts_with(NAMED_BY_CONTENT) {
            return self.new_file(path, |file| object.write_to(file));
        }
        let failed = |source| Error::NewFile {
            path: path.clone(),
            source,
        };
        let mut file = NewFile::default();
        object.write_to(&mut file).map_err(failed)?;
        let (source, made) = file.into_source().map_err(failed)?;
        let path = by_content(&path, &source).map_err(failed)?;
        self.draft.add(path.clone(), source);
        self.made.extend(made.map(Made::File));
        Ok(path)
    }

    /// Returns whether the path is taken.
    pub(crate) fn has_entry(&self, path: &LogicalPath) -> bool {
        self.draft.has_entry(path)
    }

    /// Adds files of a folder that is kept as long as the artifact.
    pub(super) fn add_files_of(
        &mut self,
        folder: &Arc<TempDir>,
        files: impl IntoIterator<Item = (LogicalPath, PathBuf)>,
    ) -> Result<(), Error> {
        self.made.push(Made::Folder(Arc::clone(folder)));
        for (path, local) in files {
            let stamp = artifact_flows::stat_file(&local)?;
            self.draft.add(path, Source::File { path: local, stamp });
        }
        Ok(())
    }
}

/// Returns the path with 20 digits of the content's MD5 in place of the name up to its first dot.
fn by_content(path: &LogicalPath, source: &Source) -> std::io::Result<LogicalPath> {
    let digest = match source {
        Source::Bytes(bytes) => ContentHasher::digest(DigestAlgorithm::Md5, bytes),
        Source::File { path, .. } => {
            let mut hasher = ContentHasher::new(DigestAlgorithm::Md5);
            let mut file = std::fs::File::open(path)?;
            let mut buffer = vec![0; 1 << 20];
            loop {
                match std::io::Read::read(&mut file, &mut buffer)? {
                    0 => break hasher.finish(),
                    count => hasher.update(&buffer[..count]),
                }
            }
        }
    };
    let digits = digest.bytes()[..10]
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    let name = path.file_name();
    let ending = name.split_once('.').map_or("", |(_, ending)| ending);
    let folder = &path.as_str()[..path.as_str().len() - name.len()];
    let named = format!("{folder}{hex}.{ending}");
    named.parse().map_err(std::io::Error::other)
}
