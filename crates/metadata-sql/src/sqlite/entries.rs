//! Entries as rows.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, EntryDigest, LogicalPath};
use artifact_store::StoreError;
use artifact_store::metadata::{
    BlobKey, ContentRow, EntryContent, EntryRow, EntryTable, EntryTableMut, ListedContent,
    ListedEntry, ManifestKey, StoredContent, VersionKey,
};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::Map;

use super::rows::Rows;
use super::{driver, values};

/// Selects what [`content`] reads.
macro_rules! select_contents {
    ($condition:literal) => {
        concat!(
            "SELECT path, digest, algorithm, size, blob_id, birth_version_id FROM entry
             WHERE manifest_id = ?1 AND blob_id IS NOT NULL AND ",
            $condition
        )
    };
}

/// Selects what [`listed`] reads, of entries `e`.
macro_rules! select_listed {
    ($condition:literal) => {
        concat!(
            "SELECT e.path, e.digest, e.algorithm, e.size, b.key, e.reference, e.extra, e.birth_version_id
             FROM entry e LEFT JOIN blob b ON b.id = e.blob_id WHERE e.manifest_id = ?1 AND ",
            $condition
        )
    };
}

fn content(row: &Row<'_>) -> rusqlite::Result<ContentRow> {
    Ok(ContentRow {
        path: values::text(row, 0)?,
        digest: values::content_digest(row, 1, 2)?,
        size: values::count(row, 3)?,
        blob: BlobKey(row.get(4)?),
        birth: row.get::<_, Option<i64>>(5)?.map(VersionKey),
    })
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedEntry> {
    let key: Option<[u8; 32]> = row.get(4)?;
    let content = if let Some(key) = key {
        ListedContent::Blob(ContentKey::from_bytes(key))
    } else {
        let text: String = row.get(5)?;
        let uri = text.parse().map_err(|error| values::unreadable(5, error))?;
        ListedContent::Reference(uri)
    };
    let size = match row.get_ref(3)? {
        ValueRef::Null => None,
        _ => Some(values::count(row, 3)?),
    };
    let extra = match row.get_ref(6)? {
        ValueRef::Null => Map::new(),
        _ => values::json(row, 6)?,
    };
    Ok(ListedEntry {
        path: values::text(row, 0)?,
        digest: entry_digest(row, 1, 2)?,
        size,
        content,
        extra,
        birth: row.get::<_, Option<i64>>(7)?.map(VersionKey),
    })
}

fn entry_digest(row: &Row<'_>, digest: usize, algorithm: usize) -> rusqlite::Result<EntryDigest> {
    if row.get_ref(algorithm)? != ValueRef::Null {
        return values::content_digest(row, digest, algorithm).map(EntryDigest::Content);
    }
    let text = std::str::from_utf8(row.get_ref(digest)?.as_blob()?);
    let text = text.map_err(|error| values::unreadable(digest, error))?;
    Ok(EntryDigest::Opaque(text.into()))
}

impl EntryTable for Rows<'_> {
    fn stored_contents(
        &self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<Vec<Option<StoredContent>>, StoreError> {
        let mut select = self.statement(
            "SELECT b.key FROM entry e LEFT JOIN blob b ON b.id = e.blob_id WHERE e.manifest_id = ?1 AND e.path = ?2",
        )?;
        let contents = paths.iter().map(|path| {
            let found = select.query_row(params![manifest.0, path.as_str()], |row| {
                let key: Option<[u8; 32]> = row.get(0)?;
                Ok(key.map_or(StoredContent::Elsewhere, |key| {
                    StoredContent::Blob(ContentKey::from_bytes(key))
                }))
            });
            found.optional().map_err(driver)
        });
        contents.collect()
    }

    fn contents_at(
        &self,
        manifest: ManifestKey,
        paths: &[&LogicalPath],
    ) -> Result<Vec<Option<ContentRow>>, StoreError> {
        let mut select = self.statement(select_contents!("path = ?2"))?;
        let contents = paths.iter().map(|path| {
            let found = select.query_row(params![manifest.0, path.as_str()], content);
            found.optional().map_err(driver)
        });
        contents.collect()
    }

    fn entries_after(
        &self,
        manifest: ManifestKey,
        after: &str,
        limit: u32,
    ) -> Result<Vec<ListedEntry>, StoreError> {
        self.all(
            select_listed!("e.path > ?2 ORDER BY e.path LIMIT ?3"),
            params![manifest.0, after, limit],
            listed,
        )
    }

    fn entries_at(
        &self,
        manifest: ManifestKey,
        paths: &[&str],
    ) -> Result<Vec<ListedEntry>, StoreError> {
        let mut select = self.statement(select_listed!("e.path = ?2"))?;
        let entries = paths.iter().filter_map(|path| {
            let found = select.query_row(params![manifest.0, path], listed);
            found.optional().map_err(driver).transpose()
        });
        entries.collect()
    }

    fn content_with_hash(
        &self,
        manifest: ManifestKey,
        hash: &[u8],
    ) -> Result<Option<ContentKey>, StoreError> {
        // Without being told, the planner reads the whole manifest.
        self.optional(
            "SELECT b.key FROM entry e INDEXED BY entry_by_digest JOIN blob b ON b.id = e.blob_id
             WHERE e.digest = ?2 AND e.manifest_id = ?1 AND e.blob_id IS NOT NULL LIMIT 1",
            params![manifest.0, hash],
            |row| row.get(0).map(ContentKey::from_bytes),
        )
    }

    fn manifest_with_hash(
        &self,
        hash: &[u8],
        after: Option<ManifestKey>,
    ) -> Result<Option<(ManifestKey, ContentKey)>, StoreError> {
        self.optional(
            "SELECT e.manifest_id, b.key FROM entry e INDEXED BY entry_by_digest JOIN blob b ON b.id = e.blob_id
             WHERE e.digest = ?1 AND e.manifest_id > ?2 AND e.blob_id IS NOT NULL ORDER BY e.manifest_id LIMIT 1",
            params![hash, after.map_or(0, |manifest| manifest.0)],
            |row| Ok((ManifestKey(row.get(0)?), ContentKey::from_bytes(row.get(1)?))),
        )
    }

    fn manifest_totals(&self, manifest: ManifestKey) -> Result<(u64, u64), StoreError> {
        self.one(
            "SELECT coalesce(sum(size), 0), count(*) FROM entry WHERE manifest_id = ?1",
            params![manifest.0],
            |row| Ok((values::count(row, 0)?, values::count(row, 1)?)),
        )
    }

    fn contents_after(
        &self,
        manifest: ManifestKey,
        after: Option<&LogicalPath>,
        limit: u32,
    ) -> Result<Vec<ContentRow>, StoreError> {
        self.all(
            select_contents!("path > ?2 ORDER BY path LIMIT ?3"),
            params![manifest.0, after.map_or("", LogicalPath::as_str), limit],
            content,
        )
    }

    fn for_each_digest(
        &self,
        manifest: ManifestKey,
        each: &mut dyn FnMut(&LogicalPath, &EntryDigest),
    ) -> Result<(), StoreError> {
        let mut select = self.statement(
            "SELECT path, digest, algorithm FROM entry WHERE manifest_id = ?1 ORDER BY path",
        )?;
        let mut rows = select.query(params![manifest.0]).map_err(driver)?;
        while let Some(row) = rows.next().map_err(driver)? {
            let path = values::text(row, 0).map_err(driver)?;
            each(&path, &entry_digest(row, 1, 2).map_err(driver)?);
        }
        Ok(())
    }
}

impl EntryTableMut for Rows<'_> {
    fn put_entries(&mut self, manifest: ManifestKey, rows: &[EntryRow]) -> Result<(), StoreError> {
        let share_of: Option<i64> = self.optional(
            "SELECT version_id FROM manifest WHERE id = ?1 AND kind <> ?2",
            params![manifest.0, ManifestKind::Full.file_name()],
            |row| row.get(0),
        )?;
        let mut insert = self.statement(
            "INSERT OR REPLACE INTO entry
                (manifest_id, path, digest, algorithm, size, blob_id, reference, extra, birth_version_id, share_of)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for row in rows {
            let digest: &[u8] = match &row.digest {
                EntryDigest::Content(digest) => digest.bytes(),
                EntryDigest::Opaque(text) => text.as_bytes(),
            };
            let algorithm = row.digest.content().map(ContentDigest::algorithm);
            let (blob, reference) = match &row.content {
                EntryContent::Blob(key) => (Some(key.0), None),
                EntryContent::Reference(uri) => (None, Some(uri.as_str())),
            };
            let extra = (!row.extra.is_empty()).then(|| values::to_json(&row.extra));
            insert
                .execute(params![
                    manifest.0,
                    row.path.as_str(),
                    digest,
                    algorithm.map(DigestAlgorithm::as_str),
                    row.size.map(values::to_column).transpose()?,
                    blob,
                    reference,
                    extra.transpose()?,
                    row.birth.map(|version| version.0),
                    share_of,
                ])
                .map_err(driver)?;
        }
        Ok(())
    }

    fn delete_entries(
        &mut self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<(), StoreError> {
        let mut delete =
            self.statement("DELETE FROM entry WHERE manifest_id = ?1 AND path = ?2")?;
        for path in paths {
            delete
                .execute(params![manifest.0, path.as_str()])
                .map_err(driver)?;
        }
        Ok(())
    }

    fn delete_references(
        &mut self,
        manifest: ManifestKey,
        after: &str,
        limit: u32,
    ) -> Result<Option<String>, StoreError> {
        let last: Option<String> = self.optional(
            "SELECT path FROM entry WHERE manifest_id = ?1 AND path > ?2 ORDER BY path LIMIT 1 OFFSET ?3 - 1",
            params![manifest.0, after, limit],
            |row| row.get(0),
        )?;
        match &last {
            Some(last) => self.execute(
                "DELETE FROM entry WHERE manifest_id = ?1 AND path > ?2 AND path <= ?3 AND reference IS NOT NULL",
                params![manifest.0, after, last],
            ),
            None => self.execute(
                "DELETE FROM entry WHERE manifest_id = ?1 AND path > ?2 AND reference IS NOT NULL",
                params![manifest.0, after],
            ),
        }?;
        Ok(last)
    }
}
