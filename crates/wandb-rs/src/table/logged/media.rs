//! The media that the cells of a table name.

use std::collections::BTreeSet;

use artifact_core::{AddReference, LogicalPath};

use super::LoggedTable;
use crate::table::object::files_of;
use crate::table::{Cell, ColumnType};
use crate::{Artifact, Error};

impl LoggedTable {
    /// Returns the entries of the version that the table names: pictures, sounds, masks, arrays.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn media_paths(&self) -> Result<Vec<LogicalPath>, Error> {
        let mut reader = self.reader()?;
        let mut found = Vec::new();
        for of in reader.columns().types() {
            files_of_type(of, &mut found);
        }
        let mut paths = BTreeSet::new();
        let is_there =
            |path: &LogicalPath| *path != self.path && self.version.manifest.get(path).is_some();
        for row in reader.by_ref() {
            let row = row.map_err(|source| self.not_a_table(source))?;
            for cell in &row {
                files_of(cell, &mut found);
            }
            // Only what is there is kept, or memory would grow with every row.
            paths.extend(found.drain(..).filter(is_there));
        }
        paths.extend(found.into_iter().filter(is_there));
        Ok(paths.into_iter().collect())
    }

    /// Adds the media that the table names to another artifact, under their paths: what a table made of its rows needs.
    /// Those that are references stay references.
    ///
    /// # Errors
    /// [`Error::Flow`] when they cannot be fetched; then nothing is added.
    pub async fn add_media_to(&self, artifact: &mut Artifact) -> Result<(), Error> {
        let mut stored = Vec::new();
        let mut references = Vec::new();
        for path in self.media_paths()? {
            let entry = self.version.manifest.get(&path);
            match entry.and_then(|entry| entry.reference.clone()) {
                Some(uri) => references.push(AddReference {
                    name: Some(path),
                    ..AddReference::new(uri)
                }),
                None => stored.push(path),
            }
        }
        if !stored.is_empty() {
            let (folder, files) = self.version.fetch(&stored).await?;
            artifact.add_files_of(&folder, stored.into_iter().zip(files))?;
        }
        for reference in references {
            artifact.add_reference(reference)?;
        }
        Ok(())
    }
}

fn files_of_type(of: &ColumnType, found: &mut Vec<LogicalPath>) {
    match of {
        ColumnType::List { element, .. } => files_of_type(element, found),
        ColumnType::Dict(types) => types.values().for_each(|of| files_of_type(of, found)),
        ColumnType::Union(members) => members.iter().for_each(|of| files_of_type(of, found)),
        ColumnType::Other {
            params: Some(params),
            ..
        } => files_of(&Cell::Dict(params.clone()), found),
        _ => {}
    }
}
