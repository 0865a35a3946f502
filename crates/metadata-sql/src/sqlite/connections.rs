//! The connections to one database: one that writes, and a few that read.
//!
//! `r2d2_sqlite` and `deadpool-sqlite` would each fix one version of `rusqlite`, and with it the programs that can embed
//! this crate.

use std::cell::Cell;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use artifact_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{driver, migrations};

/// The longest wait for the writers of other processes.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// The number of readers for each core. Reading is computing, because the database is in memory most of the time; more
/// readers would only need more memory.
const READERS_PER_CORE: usize = 4;

/// The number of readers on a machine with few cores, so that a long listing does not block the others.
const MIN_READERS: usize = 8;

/// The number of readers on a machine with many cores.
const MAX_READERS: usize = 32;

/// The cache of a reader, in KiB. The system caches the file as well.
const READER_CACHE_KIB: i64 = 512;

/// Capacity for every statement of the adapter, so that none is compiled twice on a connection.
const CACHED_STATEMENTS: usize = 256;

/// The connections to one database.
///
/// A thread has at most one transaction: as readers are limited, two threads that each wait for the other's second
/// connection would wait for ever.
#[derive(Debug)]
pub(super) struct Connections {
    /// `None` for a database in memory: then the writer reads, too.
    file: Option<PathBuf>,
    writer: Mutex<Connection>,
    readers: Mutex<Readers>,
    returned: Condvar,
}

/// The connections that read.
#[derive(Debug, Default)]
struct Readers {
    idle: Vec<Connection>,
    /// The number of connections, including those in use.
    count: usize,
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
        Ok(Some(Self::new(Some(file.to_path_buf()), writer)))
    }

    /// Creates a database in memory.
    pub(super) fn in_memory() -> Result<Self, StoreError> {
        let mut writer = connect(Path::new(":memory:"), OpenFlags::empty())?;
        migrations::initialize(&mut writer)?;
        Ok(Self::new(None, writer))
    }

    fn new(file: Option<PathBuf>, writer: Connection) -> Self {
        Self {
            file,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    pub(super) fn writing<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A panic while writing has rolled the transaction back.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _only = OnlyTransaction::enter();
        work(&mut writer)
    }

    pub(super) fn reading<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(file) = &self.file else {
            return self.writing(|connection| work(connection));
        };
        let reader = self.reader(file)?;
        let _only = OnlyTransaction::enter();
        work(reader.connection())
    }

    /// Returns a connection that reads; waits while all are in use.
    fn reader(&self, file: &Path) -> Result<Reader<'_>, StoreError> {
        let limit = max_readers();
        let full = |readers: &mut Readers| readers.idle.is_empty() && limit <= readers.count;
        let waited = self.returned.wait_while(self.readers(), full);
        let mut readers = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = readers.idle.pop() {
            return Ok(self.lend(Some(connection)));
        }
        readers.count += 1;
        drop(readers);
        // Dropped without a connection, if that cannot be opened.
        let mut reader = self.lend(None);
        reader.connection = Some(open_reader(file)?);
        Ok(reader)
    }

    const fn lend(&self, connection: Option<Connection>) -> Reader<'_> {
        Reader {
            connections: self,
            connection,
        }
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection that reads. Its file is writable, because in WAL mode readers write to the index beside it.
fn open_reader(file: &Path) -> Result<Connection, StoreError> {
    let reader = connect(file, OpenFlags::empty())?;
    reader
        .pragma_update(None, "query_only", true)
        .map_err(driver)?;
    // A negative number is one of KiB.
    reader
        .pragma_update(None, "cache_size", -READER_CACHE_KIB)
        .map_err(driver)?;
    Ok(reader)
}

/// A borrowed connection that reads; returned when it is dropped.
struct Reader<'c> {
    connections: &'c Connections,
    connection: Option<Connection>,
}

impl Reader<'_> {
    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("it was opened")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut readers = self.connections.readers();
        match self.connection.take() {
            Some(connection) => readers.idle.push(connection),
            None => readers.count -= 1,
        }
        self.connections.returned.notify_one();
    }
}

/// Returns the limit on readers. Computed once, because the system reads several files to count its cores.
fn max_readers() -> usize {
    static LIMIT: LazyLock<usize> = LazyLock::new(|| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        (READERS_PER_CORE * cores).clamp(MIN_READERS, MAX_READERS)
    });
    *LIMIT
}

thread_local! {
    /// Whether this thread is in a transaction.
    static IN_TRANSACTION: Cell<bool> = const { Cell::new(false) };
}

/// The only transaction of a thread.
struct OnlyTransaction;

impl OnlyTransaction {
    fn enter() -> Self {
        let is_second = IN_TRANSACTION.replace(true);
        debug_assert!(!is_second, "a transaction within another one");
        Self
    }
}

impl Drop for OnlyTransaction {
    fn drop(&mut self) {
        IN_TRANSACTION.set(false);
    }
}

/// Opens a connection with the settings that all connections share.
pub(super) fn connect(file: &Path, more: OpenFlags) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(file, flags).map_err(driver)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(driver)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Otherwise a statement whose plan might depend on its parameters is compiled again at every use.
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
