//! The media that the cells of a table name, and the tables that its columns refer to.

use std::collections::BTreeSet;

use artifact_core::LogicalPath;

use super::{LoggedObject, LoggedTable};
use crate::table::object::files_of;
use crate::table::{Cell, ColumnType};
use crate::{Artifact, Error};

impl LoggedTable {
    /// Returns the entries of the version that the table names: pictures, sounds, masks, arrays; the tables that its
    /// foreign keys refer to; and what those name in turn.
    ///
    /// # Errors
    /// As [`reader`](Self::reader), of the other tables, too; [`Error::Flow`] when one of them cannot be fetched.
    pub async fn media_paths(&self) -> Result<Vec<LogicalPath>, Error> {
        let mut paths = BTreeSet::new();
        let mut unread = vec![self.clone()];
        while let Some(table) = unread.pop() {
            for path in table.tables_and_media(&mut paths)? {
                let found = self.version.get(path.as_str()).await?;
                let is_of_version =
                    |table: &Self| table.artifact().record().id == self.artifact().record().id;
                // The media of one that is a reference itself are entries of the version that it refers to.
                if let LoggedObject::Table(table) = found
                    && is_of_version(&table)
                {
                    unread.push(table);
                }
            }
        }
        paths.remove(&self.path);
        Ok(paths.into_iter().collect())
    }

    /// Adds what this one table names to `paths`; returns the tables among it that were not there before.
    fn tables_and_media(
        &self,
        paths: &mut BTreeSet<LogicalPath>,
    ) -> Result<BTreeSet<LogicalPath>, Error> {
        let is_there =
            |path: &LogicalPath| *path != self.path && self.version.manifest.get(path).is_some();
        let mut reader = self.reader()?;
        let (mut found, mut tables) = (Vec::new(), Vec::new());
        for of in reader.columns().types() {
            files_of_type(of, &mut found, &mut tables);
        }
        let is_new = |path: &LogicalPath| is_there(path) && !paths.contains(path);
        let tables: BTreeSet<_> = tables.into_iter().filter(is_new).collect();
        paths.extend(tables.iter().cloned());
        for row in reader.by_ref() {
            let row = row.map_err(|source| self.not_a_table(source))?;
            for cell in &row {
                files_of(cell, &mut found);
            }
            // Only existing entries are collected, or memory would grow with every row.
            paths.extend(found.drain(..).filter(is_there));
        }
        paths.extend(found.into_iter().filter(is_there));
        Ok(tables)
    }

    /// Adds what the table names to another artifact, under the same paths: what a table made of its rows needs.
    ///
    /// They are references to the version, as in the official client: content is stored once, and is needed as long
    /// as the other artifact. If that is logged to another server or store than this version is in, they become copies there.
    ///
    /// # Errors
    /// As [`media_paths`](Self::media_paths); then nothing is added.
    pub async fn add_media_to(&self, artifact: &mut Artifact) -> Result<(), Error> {
        let media = self.media_paths().await?;
        artifact.borrow(
            &self.version,
            media.into_iter().map(|path| (path.clone(), path)),
        )
    }
}

/// Collects the files that a type names, and the tables that it refers to.
fn files_of_type(of: &ColumnType, files: &mut Vec<LogicalPath>, tables: &mut Vec<LogicalPath>) {
    let mut inner = |of: &ColumnType| files_of_type(of, files, tables);
    match of {
        ColumnType::List { element, .. } => inner(element),
        ColumnType::Dict(types) => types.values().for_each(inner),
        ColumnType::Union(members) => members.iter().for_each(inner),
        ColumnType::Other {
            params: Some(params),
            ..
        } => {
            // Of a foreign key or index.
            let table = params.get("table").and_then(Cell::as_str);
            tables.extend(table.and_then(|path| path.parse::<LogicalPath>().ok()));
            files_of(&Cell::Dict(params.clone()), files);
        }
        _ => {}
    }
}
