//! The connections to one database: one that writes, and a few that read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{driver, migrations};
use crate::StoreError;

/// How long a writer waits for the writers of other processes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Readers that are kept open for the next one; more are opened when more read at once. As many as a busy server has
/// at once: opening one, and compiling its statements again, takes longer than most questions.
const IDLE_READERS: usize = 32;

/// How many KiB of the database a reader keeps in memory. What it does not keep, the system's cache has.
const READER_CACHE_KIB: i64 = 512;

/// Every statement of the adapter fits, so none is ever compiled twice on a connection.
const CACHED_STATEMENTS: usize = 256;

/// The connections to one database.
#[derive(Debug)]
pub(super) struct Connections {
    file: PathBuf,
    writer: Mutex<Connection>,
    idle_readers: Mutex<Vec<Connection>>,
}

impl Connections {
    /// Opens the database, and brings it up to date; `None` where there is none.
    pub(super) fn open(folder: &Path, file: &Path) -> Result<Option<Self>, StoreError> {
        let is_there = file.try_exists();
        if !is_there.map_err(StoreError::io("look at", file))? {
            return Ok(None);
        }
        let mut writer = connect(file, OpenFlags::empty())?;
        migrations::run(&mut writer, folder, file)?;
        Ok(Some(Self {
            file: file.to_path_buf(),
            writer: Mutex::new(writer),
            idle_readers: Mutex::default(),
        }))
    }

    pub(super) fn writing<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic while writing has rolled the transaction back.
        work(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle_readers().pop();
        let connection = idle.map_or_else(|| self.open_reader(), Ok)?;
        let result = work(&connection);
        let mut idle = self.idle_readers();
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        result
    }

    fn idle_readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle_readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Readers could do with less than a writable file, but in WAL mode they too write to the index beside it.
    fn open_reader(&self) -> Result<Connection, StoreError> {
        let reader = connect(&self.file, OpenFlags::empty())?;
        reader
            .pragma_update(None, "query_only", true)
            .map_err(driver)?;
        // A negative number is one of KiB.
        reader
            .pragma_update(None, "cache_size", -READER_CACHE_KIB)
            .map_err(driver)?;
        Ok(reader)
    }
}

/// Opens a connection with the settings that all have in common.
pub(super) fn connect(file: &Path, more: OpenFlags) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(file, flags).map_err(driver)?;
    connection.busy_timeout(PATIENCE).map_err(driver)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Otherwise a statement whose plan might depend on what is asked for is compiled again at every use.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(driver)?;
    for (setting, value) in [
        ("foreign_keys", "ON"),
        // Every commit is flushed: a committed version survives a power loss.
        ("synchronous", "FULL"),
        ("temp_store", "MEMORY"),
    ] {
        connection
            .pragma_update(None, setting, value)
            .map_err(driver)?;
    }
    Ok(connection)
}
