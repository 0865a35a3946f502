//! The schema: its creation, and upgrades of earlier ones.
//!
//! `rusqlite_migration` fixes one version of `rusqlite`, and knows neither `application_id` nor stores of a newer program.

use std::fs;
use std::io;
use std::path::Path;

use artifact_store::StoreError;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use tempfile::TempPath;

use super::connections::connect;
use super::driver;

/// The migrations in order. A released one never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_init.sql"),
    include_str!("../../migrations/0002_runs_and_accounts.sql"),
    include_str!("../../migrations/0003_collections_and_writers.sql"),
    include_str!("../../migrations/0004_uploads.sql"),
    include_str!("../../migrations/0005_finding.sql"),
    include_str!("../../migrations/0006_large_manifests.sql"),
    include_str!("../../migrations/0007_shares.sql"),
];

/// Marks the file as the database of an artifact store: `wabs`.
const APPLICATION_ID: i64 = 0x7761_6273;

/// The folder of drafts in the folder of a store. The next writer of the store empties it, so a draft does not outlive
/// its process for long.
const DRAFTS: &str = "tmp";

/// Creates the database under its final name in one step, so that no other process sees half a schema.
pub(super) fn create(folder: &Path, file: &Path) -> Result<(), StoreError> {
    create_folder(folder).map_err(StoreError::io("create", folder))?;
    let drafts = folder.join(DRAFTS);
    fs::create_dir_all(&drafts).map_err(StoreError::io("create", &drafts))?;
    let draft = create_draft(&drafts).map_err(StoreError::io("create a database in", &drafts))?;
    let mut connection = connect(&draft, OpenFlags::empty())?;
    initialize(&mut connection)?;
    // Closing the only connection flushes everything into the one file.
    connection.close().map_err(|(_, error)| driver(error))?;
    give_name(draft, file).map_err(StoreError::io("create", file))
}

/// Creates the newest schema in an empty database.
pub(super) fn initialize(connection: &mut Connection) -> Result<(), StoreError> {
    // Kept in the file, so it holds for every later connection.
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(driver)?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(driver)?;
    migrate(connection, Path::new(""))?;
    start_numbers_at_random(connection)
}

/// Creates the folder of a store, for its owner alone, unless it exists.
fn create_folder(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(_) if folder.is_dir() => Ok(()),
        other => other,
    }
}

/// Creates an empty file for a database, readable by its owner and group in whatever folder; the files that SQLite puts
/// beside a database get the same permissions.
fn create_draft(folder: &Path) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("store-").suffix(".db.new");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o660));
    Ok(builder.tempfile_in(folder)?.into_temp_path())
}

/// Starts the row numbers of every table that does not reuse them at random, so that an id of one store is unknown in
/// another.
fn start_numbers_at_random(connection: &Connection) -> Result<(), StoreError> {
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'",
        )
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .map_err(driver)?;
    connection
        .execute("DELETE FROM sqlite_sequence", [])
        .map_err(driver)?;
    for table in tables {
        connection
            .execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                params![table, random_start()?],
            )
            .map_err(driver)?;
    }
    Ok(())
}

/// Returns a random number of 40 bits: enough to be unique, and few enough that row numbers always fit a JSON number.
fn random_start() -> Result<i64, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes[3..]).map_err(StoreError::database)?;
    Ok(i64::from_be_bytes(bytes))
}

/// Gives `draft` the name `file`, unless another process has created it.
fn give_name(draft: TempPath, file: &Path) -> io::Result<()> {
    match draft.persist_noclobber(file) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without hard links.
        Err(error) if !file.try_exists()? => error.path.persist(file).map_err(Into::into),
        _ => Ok(()),
    }
}

/// Runs the migrations that the database lacks.
pub(super) fn run(
    connection: &mut Connection,
    folder: &Path,
    file: &Path,
) -> Result<(), StoreError> {
    if number(connection, "application_id")? != APPLICATION_ID {
        return Err(StoreError::ForeignDatabase {
            path: file.to_path_buf(),
        });
    }
    if pending(connection, folder)?.is_empty() {
        return Ok(());
    }
    // A table that is recreated is missing for a moment, while rows refer to it. Cannot be set within a transaction.
    set_foreign_keys(connection, false)?;
    let migrated = migrate(connection, folder);
    set_foreign_keys(connection, true)?;
    migrated
}

fn migrate(connection: &mut Connection, folder: &Path) -> Result<(), StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(driver)?;
    // Checked again within the transaction: another process may have been faster.
    for migration in pending(&transaction, folder)? {
        transaction.execute_batch(migration).map_err(driver)?;
    }
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    transaction
        .pragma_update(None, "user_version", newest)
        .map_err(driver)?;
    let stray: i64 = transaction
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .map_err(driver)?;
    if stray != 0 {
        let what = format!("{stray} rows refer to rows that do not exist");
        return Err(StoreError::database(what));
    }
    transaction.commit().map_err(driver)
}

fn set_foreign_keys(connection: &Connection, enforced: bool) -> Result<(), StoreError> {
    connection
        .pragma_update(None, "foreign_keys", enforced)
        .map_err(driver)
}

/// Returns the migrations that the database lacks.
fn pending(connection: &Connection, folder: &Path) -> Result<&'static [&'static str], StoreError> {
    let found = number(connection, "user_version")?;
    usize::try_from(found)
        .ok()
        .and_then(|seen| MIGRATIONS.get(seen..))
        .ok_or_else(|| StoreError::NewerStore {
            folder: folder.to_path_buf(),
            found,
            known: i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX),
        })
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, pragma, |row| row.get(0))
        .map_err(driver)
}
