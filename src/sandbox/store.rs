//! The database: one connection, and one transaction for all calls that wait when it begins.
//!
//! An answered call must survive a power cut, so every transaction that changes something syncs the disk. Calls that arrive
//! during a transaction share the next one. Each call has a savepoint of its own: an error rolls back that call alone. No
//! call is answered before the transaction is committed.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::SandboxError;
use super::api_error::ApiError;
use super::identities::ensure_email_keys;
use super::webhooks;
use crate::files::{create_private_directory, private_options, sync_directory_of};
use crate::ignore::ignore;

/// Any SQLite tool can read it. Metadata is stored as the text that the caller sent.
const TABLES: &str = include_str!("tables.sql");

/// Applications, and what people granted them. Of secrets there are digests.
const OAUTH_TABLES: &str = include_str!("oauth/tables.sql");

/// With FULL, every transaction survives a power cut; on macOS that needs `fullfsync` too. The log is copied back in pieces
/// of up to 256 MiB: with larger pieces, fewer pages of an index are written twice.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
     PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 65536;";

/// A call that waits for a transaction. It does its work, unless the transaction failed to begin, and returns how to answer.
type QueuedCall = Box<dyn FnOnce(Result<&Transaction<'_>, ApiError>) -> Done + Send>;

/// Answers a call whose work has finished. It needs to know whether the transaction was committed.
type Done = Box<dyn FnOnce(Result<(), ApiError>) + Send>;

/// The database of a sandbox.
#[derive(Clone, Debug)]
pub(super) struct Database {
    connection: Arc<Mutex<Connection>>,
    waiting: WaitingCalls,
}

/// Calls that wait for the next transaction.
#[derive(Clone, Default)]
struct WaitingCalls(Arc<Mutex<Vec<QueuedCall>>>);

impl std::fmt::Debug for WaitingCalls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl WaitingCalls {
    /// Adds a call. Returns whether none waited before it: then the caller has to see to the next transaction.
    fn add(&self, job: QueuedCall) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(job);
        waiting.len() == 1
    }

    fn take(&self) -> Vec<QueuedCall> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Database {
    /// Opens the database. If it does not exist, creates it for the owner only. `delivers_webhooks` says whether it notes what is
    /// to be delivered to endpoints of webhooks.
    pub(super) fn open(path: &Path, delivers_webhooks: bool) -> Result<Self, SandboxError> {
        let failed = |problem: String| SandboxError::Database { path: path.to_path_buf(), problem };
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            create_private_directory(directory).map_err(|error| failed(error.to_string()))?;
        }
        make_private_file(path).map_err(|error| failed(error.to_string()))?;
        warn_of_readers(path);
        let connection = Connection::open(path).map_err(|error| failed(error.to_string()))?;
        connection
            .execute_batch(PRAGMAS)
            .and_then(|()| connection.execute_batch(TABLES))
            .and_then(|()| connection.execute_batch(OAUTH_TABLES))
            .and_then(|()| ensure_email_keys(&connection))
            .and_then(|()| webhooks::prepare(&connection, delivers_webhooks))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), waiting: WaitingCalls::default() })
    }

    /// Runs `work` in a transaction on a blocking thread. If `work` fails, its changes are rolled back. When this returns,
    /// the changes are durable.
    pub(super) async fn transaction<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (sender, answer) = oneshot::channel();
        let is_first = self.waiting.add(Box::new(move |transaction| {
            let result = transaction.and_then(|transaction| in_savepoint(transaction, work));
            Box::new(move |committed| {
                let answer = result.and_then(|value| committed.map(|()| value));
                ignore(sender.send(answer), "the client went away");
            })
        }));
        if is_first {
            let (connection, waiting) = (Arc::clone(&self.connection), self.waiting.clone());
            // It waits for the transaction before it, and then takes all the calls that came meanwhile.
            tokio::task::spawn_blocking(move || {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                carry_out(&mut connection, waiting.take());
            });
        }
        answer.await.unwrap_or_else(|lost| Err(ApiError::internal(500, format!("a call failed: {lost}"))))
    }
}

/// Warns if other users can read the database, which holds password hashes: somebody may have copied it here.
fn warn_of_readers(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        let path = path.display();
        tracing::warn!("others can read the sandbox's database `{path}`, which holds password hashes: chmod 600 it");
    }
}

/// Does the work of these calls in one transaction, and answers them when it is committed.
fn carry_out(connection: &mut Connection, jobs: Vec<QueuedCall>) {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(ApiError::from);
    let mut done = Vec::with_capacity(jobs.len());
    let mut usable = begun.as_ref().map_err(Clone::clone);
    for job in jobs {
        done.push(job(usable.clone()));
        // Some errors, such as a full disk, roll back the whole transaction.
        if usable.as_ref().is_ok_and(|transaction| transaction.is_autocommit()) {
            usable = Err(ApiError::internal(500, "the database rolled back the transaction"));
        }
    }
    let committed = usable.map(drop).and(begun).and_then(|transaction| Ok(transaction.commit()?));
    for answer in done {
        answer(committed.clone());
    }
}

/// Does the work of one call completely or not at all.
fn in_savepoint<T>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let step = |sql| transaction.prepare_cached(sql)?.execute([]).map(drop);
    step("SAVEPOINT call")?;
    match work(transaction) {
        Ok(value) => step("RELEASE call").map(|()| value).map_err(Into::into),
        Err(error) => {
            // If the whole transaction was rolled back, the savepoint is gone.
            if !transaction.is_autocommit() {
                step("ROLLBACK TO call")?;
                step("RELEASE call")?;
            }
            Err(error)
        }
    }
}

/// Creates the file for the owner only, and makes its name durable. SQLite does neither.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    private_options().write(true).create(true).truncate(false).open(path)?;
    sync_directory_of(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(transaction: &Transaction<'_>, key: &str) -> Result<(), ApiError> {
        let sql = "INSERT INTO idempotency_keys VALUES (?1, x'', 200, x'', 0)";
        transaction.execute(sql, [key])?;
        Ok(())
    }

    fn count(store: &Database) -> i64 {
        let connection = store.connection.lock().unwrap();
        connection.query_row("SELECT count(*) FROM idempotency_keys", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn calls_in_one_transaction_fail_alone() {
        let directory = tempfile::tempdir().unwrap();
        let store = Database::open(&directory.path().join("sandbox.db"), false).unwrap();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let job = |key: &'static str| -> QueuedCall {
            let answers = Arc::clone(&answers);
            Box::new(move |transaction| {
                let result = transaction.and_then(|transaction| in_savepoint(transaction, |t| insert(t, key)));
                Box::new(move |committed| answers.lock().unwrap().push(result.and(committed).is_ok()))
            })
        };
        carry_out(&mut store.connection.lock().unwrap(), vec![job("one"), job("one"), job("two")]);
        assert_eq!((answers.lock().unwrap().as_slice(), count(&store)), ([true, false, true].as_slice(), 2));
    }

    #[test]
    fn what_is_committed_is_durable() {
        let directory = tempfile::tempdir().unwrap();
        let store = Database::open(&directory.path().join("sandbox.db"), false).unwrap();
        let connection = store.connection.lock().unwrap();
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }
}
