//! The database: one connection, one transaction a call.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::SandboxError;
use super::api_error::ApiError;
use super::email_key;
use crate::journal::create_private_directory;

/// Readable with any SQLite tool. Metadata is kept as the text that was sent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS identities (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    external_id     TEXT UNIQUE,
    email           TEXT NOT NULL,
    email_key       TEXT,
    email_verified  INTEGER NOT NULL,
    username        TEXT UNIQUE COLLATE NOCASE,
    phone           TEXT UNIQUE,
    phone_verified  INTEGER NOT NULL,
    first_name      TEXT,
    last_name       TEXT,
    display_name    TEXT,
    organization_id TEXT,
    locale          TEXT,
    timezone        TEXT,
    state           TEXT NOT NULL,
    traits          TEXT,
    admin_metadata  TEXT,
    hashed_password TEXT,
    oidc            TEXT,
    version         INTEGER NOT NULL DEFAULT 1,
    create_time     TEXT NOT NULL,
    update_time     TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key          TEXT PRIMARY KEY,
    request      BLOB NOT NULL,
    status       INTEGER NOT NULL,
    body         BLOB NOT NULL,
    created_unix INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_unix);
";

/// NORMAL survives the death of the process; only a power cut may take the last calls along. The log is copied back in
/// pieces of up to 256 MiB: the more of an index's pages are written at once, the fewer are written twice.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; \
     PRAGMA wal_autocheckpoint = 65536;";

/// The database of a sandbox.
#[derive(Clone, Debug)]
pub(super) struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database, and makes it for the owner only if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, SandboxError> {
        let failed = |problem: String| SandboxError::Database { path: path.to_path_buf(), problem };
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            create_private_directory(directory).map_err(|error| failed(error.to_string()))?;
        }
        make_private_file(path).map_err(|error| failed(error.to_string()))?;
        let connection = Connection::open(path).map_err(|error| failed(error.to_string()))?;
        connection
            .execute_batch(PRAGMAS)
            .and_then(|()| connection.execute_batch(SCHEMA))
            .and_then(|()| email_key::ensure(&connection))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` in a transaction on a blocking thread. An error rolls it back.
    pub(super) async fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let connection = Arc::clone(&self.connection);
        let task = tokio::task::spawn_blocking(move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        task.await.map_err(|error| ApiError::internal(500, format!("a call failed: {error}")))?
    }
}

/// SQLite would make the file readable for everybody.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
