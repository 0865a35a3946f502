//! Opening a store.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use super::group_commit::GroupCommit;
use super::{Core, Engine};
use crate::StoreError;
use crate::folder::FolderBlobs;
use crate::layout::{StoreLayout, create_database_file};
use crate::metadata::SqliteMetadata;
use crate::options::EngineOptions;

impl Engine {
    /// Opens the store in `folder`, for reading or writing. Creates nothing.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] where there is none, [`StoreError::NewerStore`] where this program is too old for it, and
    /// when files cannot be read.
    pub fn open(folder: impl AsRef<Path>, options: EngineOptions) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        Self::open_existing(&StoreLayout::new(folder), options)?.ok_or_else(|| {
            StoreError::NoStore {
                folder: folder.to_path_buf(),
            }
        })
    }

    /// Opens the store in `folder`, and creates it where there is none.
    ///
    /// # Errors
    /// [`StoreError::NewerStore`] where this program is too old for it, and when files cannot be read or written.
    pub fn open_or_create(
        folder: impl AsRef<Path>,
        options: EngineOptions,
    ) -> Result<Self, StoreError> {
        let folder = folder.as_ref();
        let layout = StoreLayout::new(folder);
        if let Some(engine) = Self::open_existing(&layout, options.clone())? {
            return Ok(engine);
        }
        layout.create()?;
        // As a writer, so that nobody clears up the draft.
        let lock = layout.open_lock()?;
        lock.lock_shared()
            .map_err(StoreError::io("lock", layout.lock()))?;
        let draft = layout
            .drafts()
            .join(format!("store-{}.db", options.unique_name()));
        create_database_file(&draft)?;
        let created = SqliteMetadata::create(folder, &layout.database(), &draft);
        created.map_err(StoreError::opening(layout.database()))?;
        drop(lock);
        Self::open(folder, options)
    }

    fn open_existing(
        layout: &StoreLayout,
        options: EngineOptions,
    ) -> Result<Option<Self>, StoreError> {
        let opened = SqliteMetadata::open(layout.root(), &layout.database());
        let Some(metadata) = opened.map_err(StoreError::opening(layout.database()))? else {
            return Ok(None);
        };
        let core = Core {
            location: layout.root().display().to_string(),
            blobs: Box::new(FolderBlobs::new(layout.root())),
            metadata: Box::new(metadata),
            accepting: GroupCommit::default(),
            storing_large_manifest: Mutex::default(),
            options,
            writer: OnceLock::new(),
            registering_writer: Mutex::default(),
        };
        let core = Arc::new(core);
        Ok(Some(Self { core }))
    }
}
