//! Putting together by the rows: the shares of a version, and two versions that are one.

use rusqlite::params;

use super::rows::Rows;
use artifact_store::StoreError;
use artifact_store::metadata::{ManifestKey, VersionKey};

/// How many entries one statement copies: SQLite keeps them all in memory.
const BATCH: u32 = 10_000;

/// Whether a later share of the same run has an entry at the same path as entry `$entry` of share `$share`. Two shares
/// without a run are never of the same writer.
macro_rules! is_superseded {
    ($entry:literal, $share:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM manifest later JOIN entry there
                       ON there.manifest_id = later.id AND there.path = ",
            $entry,
            ".path
                     WHERE later.version_id = ",
            $share,
            ".version_id AND later.run_id = ",
            $share,
            ".run_id
                       AND later.id > ",
            $share,
            ".id AND later.blob_id IS NOT NULL)"
        )
    };
}

pub(super) use is_superseded;

/// The columns of an entry but for its manifest and what it is a share of.
macro_rules! columns {
    () => {
        "path, digest, algorithm, size, blob_id, reference, extra, birth_version_id"
    };
}

impl Rows<'_> {
    /// Copies what counts of a share. Which of two entries with the same digest stays is decided by what they hold, so
    /// the order of the shares does not matter.
    pub(super) fn copy_share(
        &self,
        whole: ManifestKey,
        share: ManifestKey,
    ) -> Result<(), StoreError> {
        self.copy(
            concat!(
                "INSERT INTO entry (manifest_id, ", columns!(), ")
                 SELECT ?1, mine.path, mine.digest, mine.algorithm, mine.size, mine.blob_id, mine.reference, mine.extra,
                        mine.birth_version_id
                 FROM entry mine JOIN manifest own ON own.id = mine.manifest_id
                 WHERE mine.manifest_id = ?2 AND mine.path > ?3 AND (?4 IS NULL OR mine.path <= ?4) AND NOT ",
                is_superseded!("mine", "own"),
                " ON CONFLICT DO UPDATE SET
                    digest = excluded.digest, algorithm = excluded.algorithm, size = excluded.size,
                    blob_id = excluded.blob_id, reference = excluded.reference, extra = excluded.extra,
                    birth_version_id = excluded.birth_version_id
                  WHERE (coalesce(excluded.reference, ''), coalesce(excluded.extra, ''), coalesce(excluded.size, -1),
                         coalesce(excluded.birth_version_id, 0), coalesce(excluded.blob_id, 0))
                      < (coalesce(reference, ''), coalesce(extra, ''), coalesce(size, -1),
                         coalesce(birth_version_id, 0), coalesce(blob_id, 0))"
            ),
            whole,
            share,
        )
    }

    /// Copies the entries of a manifest at paths where `whole` has none.
    pub(super) fn copy_base(
        &self,
        whole: ManifestKey,
        base: ManifestKey,
    ) -> Result<(), StoreError> {
        self.copy(
            concat!(
                "INSERT INTO entry (manifest_id, ",
                columns!(),
                ") SELECT ?1, ",
                columns!(),
                " FROM entry
                 WHERE manifest_id = ?2 AND path > ?3 AND (?4 IS NULL OR path <= ?4)
                 ON CONFLICT DO NOTHING"
            ),
            whole,
            base,
        )
    }

    /// Makes what refers to a pending version refer to another one.
    pub(super) fn hand_over(
        &self,
        pending: VersionKey,
        into: VersionKey,
    ) -> Result<(), StoreError> {
        let keys = params![pending.0, into.0];
        self.execute(
            "INSERT INTO output (run_id, version_id) SELECT run_id, ?2 FROM output WHERE version_id = ?1 ORDER BY id
             ON CONFLICT DO NOTHING",
            keys,
        )?;
        self.execute(
            "UPDATE client_id SET version_id = ?2 WHERE version_id = ?1",
            keys,
        )?;
        self.execute(
            "INSERT INTO merged_version (id, version_id) VALUES (?1, ?2)",
            keys,
        )?;
        Ok(())
    }

    /// Runs a statement for the entries of `from`, by the batch.
    fn copy(&self, sql: &str, to: ManifestKey, from: ManifestKey) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let up_to: Option<String> = self.optional(
                "SELECT path FROM entry WHERE manifest_id = ?1 AND path > ?2 ORDER BY path LIMIT 1 OFFSET ?3",
                params![from.0, after, BATCH - 1],
                |row| row.get(0),
            )?;
            self.execute(sql, params![to.0, from.0, after, up_to])?;
            match up_to {
                Some(path) => after = path,
                None => return Ok(()),
            }
        }
    }
}
