//! The contract of the metadata port, kept by SQLite in a file and in memory.
#![expect(clippy::unwrap_used, reason = "test code")]

mod file {
    use std::sync::Arc;

    use artifact_store::metadata::MetadataStore;
    use metadata_conformance::Fixture;
    use metadata_sql::{DATABASE_FILE, SqliteMetadata};
    use tempfile::TempDir;

    /// A database file in a folder of its own.
    struct Database {
        store: Arc<SqliteMetadata>,
        folder: TempDir,
    }

    impl Fixture for Database {
        fn store(&self) -> Arc<dyn MetadataStore> {
            Arc::clone(&self.store) as Arc<dyn MetadataStore>
        }

        fn reopened(&self) -> Option<Arc<dyn MetadataStore>> {
            let opened = SqliteMetadata::open(self.folder.path().join(DATABASE_FILE));
            Some(Arc::new(opened.unwrap()))
        }
    }

    fn empty_file() -> Database {
        let folder = tempfile::tempdir().unwrap();
        let created = SqliteMetadata::open_or_create(folder.path().join(DATABASE_FILE));
        Database {
            store: Arc::new(created.unwrap()),
            folder,
        }
    }

    metadata_conformance::metadata_conformance!(empty_file);
}

mod memory {
    use std::sync::Arc;

    use artifact_store::metadata::MetadataStore;
    use metadata_conformance::Fixture;
    use metadata_sql::SqliteMetadata;

    /// A database in memory, which no other process sees.
    struct Memory(Arc<SqliteMetadata>);

    impl Fixture for Memory {
        fn store(&self) -> Arc<dyn MetadataStore> {
            Arc::clone(&self.0) as Arc<dyn MetadataStore>
        }

        fn reopened(&self) -> Option<Arc<dyn MetadataStore>> {
            None
        }
    }

    fn empty_memory() -> Memory {
        Memory(Arc::new(SqliteMetadata::in_memory().unwrap()))
    }

    metadata_conformance::metadata_conformance!(empty_memory);
}
