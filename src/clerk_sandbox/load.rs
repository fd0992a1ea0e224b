//! From an export to a database, which takes its place only when all of it is in.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, params};
use tokio_util::sync::CancellationToken;

use super::export_file::ExportFile;
use super::record::Record;
use super::schema;
use super::store::TenantStore;
use crate::files::{create_private_directory, directory_of, sync_directory_of, unfinished};
use crate::sandbox::SandboxError;

/// While a database is filled, its loss costs nothing but another try.
const PRAGMAS: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;";

/// Opens the database of an export: the one that is there, with all that changed since, or a new one.
pub(super) fn open(export: &Path, database: &Path, stop: &CancellationToken) -> Result<TenantStore, SandboxError> {
    let files = files(export)?;
    let state = state(&files).map_err(|error| of_export(export, error.to_string()))?;
    let of_database = |problem: String| SandboxError::Database { path: database.to_path_buf(), problem };
    if database.exists() {
        let connection = Connection::open(database).map_err(|error| of_database(error.to_string()))?;
        if schema::loaded_from(&connection).is_none_or(|loaded| loaded != state) {
            let problem = "it holds something else than this export as it is now; remove it, or name another with --db";
            return Err(of_database(problem.to_owned()));
        }
    } else {
        let directory = directory_of(database);
        create_private_directory(directory).map_err(|error| of_database(error.to_string()))?;
        let prefix = format!(".{}.", database.file_name().unwrap_or_default().to_string_lossy());
        let temporary = unfinished(directory, &prefix).map_err(|error| of_database(error.to_string()))?;
        fill(temporary.path(), &files, &state, stop)?;
        temporary.as_file().sync_all().map_err(|error| of_database(error.to_string()))?;
        temporary.persist(database).map_err(|error| of_database(error.error.to_string()))?;
        sync_directory_of(database).map_err(|error| of_database(error.to_string()))?;
    }
    TenantStore::open(database).map_err(|error| of_database(error.to_string()))
}

fn of_export(path: &Path, problem: String) -> SandboxError {
    SandboxError::Export { path: path.to_path_buf(), problem }
}

/// The files of an export with what is in them, by name. A file in place of a directory has users.
fn files(export: &Path) -> Result<Vec<(PathBuf, ExportFile)>, SandboxError> {
    let failed = |error: std::io::Error| of_export(export, error.to_string());
    if std::fs::metadata(export).map_err(failed)?.is_file() {
        return Ok(vec![(export.to_path_buf(), ExportFile::of_users(export))]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(export).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match ExportFile::named(&name) {
            Some(file) => files.push((path, file)),
            None if name.contains(".ndjson") => {
                tracing::warn!("`{name}` is no kind of Clerk's records; it is not served");
            }
            None => {}
        }
    }
    files.sort();
    if files.is_empty() {
        let problem = "there is no file of records in it, such as users.ndjson or organizations.json";
        return Err(of_export(export, problem.to_owned()));
    }
    Ok(files)
}

/// What changes when a file of an export does.
fn state(files: &[(PathBuf, ExportFile)]) -> std::io::Result<String> {
    let mut state = String::new();
    for (path, _) in files {
        let metadata = std::fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(state, "{name} {} {modified}", metadata.len()).map_err(std::io::Error::other)?;
    }
    Ok(state)
}

fn fill(
    database: &Path,
    files: &[(PathBuf, ExportFile)],
    state: &str,
    stop: &CancellationToken,
) -> Result<(), SandboxError> {
    let failed =
        |error: rusqlite::Error| SandboxError::Database { path: database.to_path_buf(), problem: error.to_string() };
    let mut connection = Connection::open(database).map_err(failed)?;
    connection.execute_batch(PRAGMAS).map_err(failed)?;
    schema::create(&connection).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    for (path, file) in files {
        read(&transaction, path, *file, stop).map_err(|problem| of_export(path, problem))?;
    }
    schema::complete(&transaction, state).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn read(connection: &Connection, path: &Path, file: ExportFile, stop: &CancellationToken) -> Result<(), String> {
    let sql = format!(
        "INSERT INTO {} (id, organization_id, user_id, created_at, updated_at, last_active_at, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        file.kind.name()
    );
    let mut statement = connection.prepare(&sql).map_err(|error| error.to_string())?;
    file.read(path, &mut |number, json| {
        if stop.is_cancelled() {
            return Err("it was stopped".to_owned());
        }
        let Record { id, organization_id, user_id, created_at, updated_at, last_active_at, text } =
            Record::of(file.kind, json).map_err(|fault| fault.to_string())?;
        if file.kind.is_single() && number > 1 {
            return Err("an instance has only one of these".to_owned());
        }
        let inserted =
            statement.execute(params![id, organization_id, user_id, created_at, updated_at, last_active_at, text]);
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                Err("a record with the same `id` came before".to_owned())
            }
            Err(error) => Err(format!("the database failed: {error}")),
        }
    })
}
