//! Conflicts between the partial manifests of a version: by the rows of all of them, which one index holds by path.

use artifact_core::{ContentKey, LogicalPath, RunId};
use artifact_store::StoreError;
use artifact_store::metadata::{BaseConflict, ManifestKey, PartialConflict};
use rusqlite::{Row, params};

use super::manifests::is_superseded;
use super::rows::Rows;
use super::{driver, values};

/// Whether entries of `other` count beside those of `own`: a run does not conflict with itself.
macro_rules! counts_beside {
    () => {
        "other.id <> own.id AND other.blob_id IS NOT NULL
         AND (own.run_id IS NULL OR other.run_id IS NULL OR own.run_id <> other.run_id)"
    };
}

/// Whether `other` is another partial manifest of the run that wrote `own`.
macro_rules! is_of_same_run {
    () => {
        "other.id <> own.id AND other.blob_id IS NOT NULL AND other.run_id = own.run_id"
    };
}

/// Adds to entries `theirs` the manifest `other` that they are of, and the runs that wrote it and `own`.
macro_rules! with_writers {
    () => {
        " CROSS JOIN manifest other ON other.id = theirs.manifest_id
          LEFT JOIN run own_run ON own_run.id = own.run_id
          LEFT JOIN run other_run ON other_run.id = other.run_id"
    };
}

/// Whether the path of entry `$inner` is below that of entry `$outer`: the character after `/` is `0`.
macro_rules! lies_in {
    ($inner:literal, $outer:literal) => {
        concat!(
            $inner,
            ".path > ",
            $outer,
            ".path || '/' AND ",
            $inner,
            ".path < ",
            $outer,
            ".path || '0'"
        )
    };
}

fn partial_conflict(row: &Row<'_>) -> rusqlite::Result<PartialConflict> {
    let run = |column| {
        let id: Option<String> = row.get(column)?;
        let id = id.map(RunId::try_from).transpose();
        id.map_err(|error| values::unreadable(column, error))
    };
    Ok(PartialConflict {
        path: values::text(row, 0)?,
        other_path: values::text(row, 1)?,
        own: run(2)?,
        other: run(3)?,
    })
}

impl Rows<'_> {
    pub(super) fn first_partial_conflict(
        &self,
        partial: ManifestKey,
    ) -> Result<Option<PartialConflict>, StoreError> {
        if !self.has_neighbours(partial)? {
            return Ok(None);
        }
        if let Some(found) = self.other_content(partial)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.folder_of_another(partial)? {
            return Ok(Some(found));
        }
        self.file_of_another(partial)
    }

    /// Whether other partial manifests have entries where a conflict could be. Writers usually keep to folders of their
    /// own, and then no entry has to be compared.
    fn has_neighbours(&self, partial: ManifestKey) -> Result<bool, StoreError> {
        let end = |sql| {
            self.optional(sql, params![partial.0], |row| {
                values::text::<LogicalPath>(row, 0)
            })
        };
        let first = end("SELECT path FROM entry WHERE manifest_id = ?1 ORDER BY path LIMIT 1")?;
        let last = end("SELECT path FROM entry WHERE manifest_id = ?1 ORDER BY path DESC LIMIT 1")?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(false);
        };
        // All paths between the first and the last are in the folders that both are in.
        let shared = first.ancestors().filter(|folder| lies_in(&last, folder));
        let mut shared = shared.peekable();
        let Some(folder) = shared.peek().copied() else {
            return Ok(true);
        };
        let is_in_it = self.one(
            "SELECT EXISTS (
                 SELECT 1 FROM manifest own CROSS JOIN entry near INDEXED BY entry_of_share
                   ON near.share_of = own.version_id AND near.path > ?2 || '/' AND near.path < ?2 || '0'
                 WHERE own.id = ?1 AND near.manifest_id <> own.id)",
            params![partial.0, folder],
            |row| row.get(0),
        )?;
        if is_in_it {
            return Ok(true);
        }
        for folder in shared {
            let is_file = self.one(
                "SELECT EXISTS (
                     SELECT 1 FROM manifest own CROSS JOIN entry near INDEXED BY entry_of_share
                       ON near.share_of = own.version_id AND near.path = ?2
                     WHERE own.id = ?1)",
                params![partial.0, folder],
                |row| row.get(0),
            )?;
            if is_file {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn other_content(&self, partial: ManifestKey) -> Result<Option<PartialConflict>, StoreError> {
        self.optional(
            concat!(
                "SELECT mine.path, theirs.path, own_run.run_id, other_run.run_id
                 FROM manifest own
                 CROSS JOIN entry mine ON mine.manifest_id = own.id
                 CROSS JOIN entry theirs INDEXED BY entry_of_share
                   ON theirs.share_of = own.version_id AND theirs.path = mine.path",
                with_writers!(),
                " WHERE own.id = ?1 AND ",
                counts_beside!(),
                " AND (mine.digest <> theirs.digest OR mine.algorithm IS NOT theirs.algorithm)
                  AND NOT ",
                is_superseded!("mine", "own"),
                " AND NOT ",
                is_superseded!("theirs", "other"),
                " ORDER BY mine.path, theirs.manifest_id LIMIT 1"
            ),
            params![partial.0],
            partial_conflict,
        )
    }

    /// Finds a file of a partial manifest that is a folder in another one.
    fn folder_of_another(
        &self,
        partial: ManifestKey,
    ) -> Result<Option<PartialConflict>, StoreError> {
        self.optional(
            concat!(
                "SELECT mine.path, theirs.path, own_run.run_id, other_run.run_id
                 FROM manifest own
                 CROSS JOIN entry mine ON mine.manifest_id = own.id
                 CROSS JOIN entry theirs INDEXED BY entry_of_share
                   ON theirs.share_of = own.version_id AND ",
                lies_in!("theirs", "mine"),
                with_writers!(),
                " WHERE own.id = ?1 AND ",
                counts_beside!(),
                " ORDER BY mine.path, theirs.path, theirs.manifest_id LIMIT 1"
            ),
            params![partial.0],
            partial_conflict,
        )
    }

    /// Finds a folder of a partial manifest that is a file in another one.
    fn file_of_another(&self, partial: ManifestKey) -> Result<Option<PartialConflict>, StoreError> {
        let mut select = self.statement(concat!(
            "SELECT ?2, theirs.path, own_run.run_id, other_run.run_id
             FROM manifest own
             CROSS JOIN entry theirs INDEXED BY entry_of_share
               ON theirs.share_of = own.version_id AND theirs.path = ?3",
            with_writers!(),
            " WHERE own.id = ?1 AND ",
            counts_beside!(),
            " ORDER BY theirs.manifest_id LIMIT 1"
        ))?;
        self.first_in_folders(partial, |path, folder| {
            let keys = params![partial.0, path.as_str(), folder];
            let mut found = select.query_map(keys, partial_conflict).map_err(driver)?;
            found.next().transpose().map_err(driver)
        })
    }

    pub(super) fn first_base_conflict(
        &self,
        manifest: ManifestKey,
        base: ManifestKey,
    ) -> Result<Option<BaseConflict>, StoreError> {
        let keys = params![manifest.0, base.0];
        let read = |row: &Row<'_>| {
            Ok(BaseConflict {
                path: values::text(row, 0)?,
                base_path: values::text(row, 1)?,
            })
        };
        let folder = self.optional(
            concat!(
                "SELECT mine.path, theirs.path FROM entry mine CROSS JOIN entry theirs
                   ON theirs.manifest_id = ?2 AND ",
                lies_in!("theirs", "mine"),
                " WHERE mine.manifest_id = ?1 ORDER BY mine.path, theirs.path LIMIT 1"
            ),
            keys,
            read,
        )?;
        if folder.is_some() {
            return Ok(folder);
        }
        let mut select =
            self.statement("SELECT ?1, path FROM entry WHERE manifest_id = ?2 AND path = ?3")?;
        self.first_in_folders(manifest, |path, folder| {
            let keys = params![path.as_str(), base.0, folder];
            let mut found = select.query_map(keys, read).map_err(driver)?;
            found.next().transpose().map_err(driver)
        })
    }

    /// Removes what other partial manifests of the same run have as a file where this one has a folder, or the other way round;
    /// returns the keys of the content that was removed.
    pub(super) fn delete_conflicts_of_run(
        &self,
        partial: ManifestKey,
    ) -> Result<Vec<ContentKey>, StoreError> {
        let wrote_before: bool = self.one(
            concat!(
                "SELECT EXISTS (SELECT 1 FROM manifest own JOIN manifest other ON other.version_id = own.version_id
                 WHERE own.id = ?1 AND ",
                is_of_same_run!(),
                ")"
            ),
            params![partial.0],
            |row| row.get(0),
        )?;
        if !wrote_before || !self.has_neighbours(partial)? {
            return Ok(Vec::new());
        }
        let mut stale: Vec<(i64, String)> = self.all(
            concat!(
                "SELECT theirs.manifest_id, theirs.path
                 FROM manifest own
                 CROSS JOIN entry mine ON mine.manifest_id = own.id
                 CROSS JOIN entry theirs INDEXED BY entry_of_share
                   ON theirs.share_of = own.version_id AND ",
                lies_in!("theirs", "mine"),
                " CROSS JOIN manifest other ON other.id = theirs.manifest_id
                 WHERE own.id = ?1 AND ",
                is_of_same_run!(),
            ),
            params![partial.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut select = self.statement(concat!(
            "SELECT theirs.manifest_id, theirs.path
             FROM manifest own
             CROSS JOIN entry theirs INDEXED BY entry_of_share
               ON theirs.share_of = own.version_id AND theirs.path = ?2
             CROSS JOIN manifest other ON other.id = theirs.manifest_id
             WHERE own.id = ?1 AND ",
            is_of_same_run!(),
        ))?;
        self.first_in_folders(partial, |_, folder| {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found = select.query_map(params![partial.0, folder], read);
            for found in found.map_err(driver)? {
                stale.push(found.map_err(driver)?);
            }
            Ok(None::<()>)
        })?;
        self.remove(&stale)
    }

    fn remove(&self, entries: &[(i64, String)]) -> Result<Vec<ContentKey>, StoreError> {
        let mut given_up = Vec::new();
        for (manifest, path) in entries {
            let blob: Option<Option<i64>> = self.optional(
                "DELETE FROM entry WHERE manifest_id = ?1 AND path = ?2 RETURNING blob_id",
                params![manifest, path],
                |row| row.get(0),
            )?;
            let Some(blob) = blob.flatten() else { continue };
            given_up.push(self.one(
                "SELECT key FROM blob WHERE id = ?1",
                params![blob],
                |row| row.get(0).map(ContentKey::from_bytes),
            )?);
        }
        Ok(given_up)
    }

    /// Hands each folder that entries of a manifest lie in to `look`, once, with the first path in it, until it finds
    /// something.
    fn first_in_folders<T>(
        &self,
        manifest: ManifestKey,
        mut look: impl FnMut(&LogicalPath, &str) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut select =
            self.statement("SELECT path FROM entry WHERE manifest_id = ?1 ORDER BY path")?;
        let mut rows = select.query(params![manifest.0]).map_err(driver)?;
        let mut before: Option<LogicalPath> = None;
        while let Some(row) = rows.next().map_err(driver)? {
            let path: LogicalPath = values::text(row, 0).map_err(driver)?;
            for folder in path.ancestors() {
                // The paths in one folder follow each other, so it is new unless the path before is in it, too.
                if before.as_ref().is_some_and(|path| lies_in(path, folder)) {
                    break;
                }
                if let Some(found) = look(&path, folder)? {
                    return Ok(Some(found));
                }
            }
            before = Some(path);
        }
        Ok(None)
    }
}

fn lies_in(path: &LogicalPath, folder: &str) -> bool {
    let rest = path.as_str().strip_prefix(folder);
    rest.is_some_and(|rest| rest.starts_with('/'))
}
