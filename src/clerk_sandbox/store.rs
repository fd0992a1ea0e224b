//! The database: a table for each kind, one connection, and one transaction for each call that changes anything.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::failed_call::FailedCall;
use super::kind::Kind;
use super::record::Record;

/// What goes on while the stand-in serves survives the end of its process. A power cut may take the last changes.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;";

/// The database of a stand-in.
#[derive(Clone, Debug)]
pub(super) struct TenantStore(Arc<Mutex<Connection>>);

impl TenantStore {
    /// Opens a database that was filled before.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(PRAGMAS)?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Does something that only reads, on a blocking thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, FailedCall> + Send + 'static,
    ) -> Result<T, FailedCall> {
        self.blocking(move |connection| work(connection)).await
    }

    /// Does something in a transaction, on a blocking thread. An error takes back what it did.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, FailedCall> + Send + 'static,
    ) -> Result<T, FailedCall> {
        self.blocking(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, FailedCall> + Send + 'static,
    ) -> Result<T, FailedCall> {
        let connection = Arc::clone(&self.0);
        let task =
            tokio::task::spawn_blocking(move || work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner)));
        task.await.unwrap_or_else(|error| Err(FailedCall::internal(500, format!("a call failed: {error}"))))
    }
}

/// Puts a record in place of any with its id.
pub(super) fn put(connection: &Connection, kind: Kind, record: &Record) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO {} (id, organization_id, user_id, created_at, updated_at, last_active_at, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET organization_id = ?2, user_id = ?3, \
         created_at = ?4, updated_at = ?5, last_active_at = ?6, record = ?7",
        kind.name()
    );
    let Record { id, organization_id, user_id, created_at, updated_at, last_active_at, text } = record;
    let mut statement = connection.prepare_cached(&sql)?;
    statement.execute(params![id, organization_id, user_id, created_at, updated_at, last_active_at, text]).map(drop)
}

/// The text of the record with this id, or with this value of the second member that its kind is found by.
pub(super) fn find(connection: &Connection, kind: Kind, id: &str) -> Result<String, FailedCall> {
    let or_second = kind.second_key().map_or_else(String::new, |member| format!(" OR record ->> '$.{member}' = ?1"));
    let sql = format!("SELECT record FROM {} WHERE id = ?1{or_second} ORDER BY id <> ?1 LIMIT 1", kind.name());
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| row.get(0)).optional()?;
    found.ok_or_else(FailedCall::not_found)
}

/// The only record of a kind.
pub(super) fn only(connection: &Connection, kind: Kind) -> Result<Option<String>, FailedCall> {
    let mut statement = connection.prepare_cached(&format!("SELECT record FROM {}", kind.name()))?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Deletes the record with this id; of a user also the memberships, of an organization also what belongs to it.
pub(super) fn delete(connection: &Connection, kind: Kind, id: &str) -> Result<(), FailedCall> {
    let deleted = connection.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", kind.name()))?.execute([id])?;
    if deleted == 0 {
        return Err(FailedCall::not_found());
    }
    let belonging: &[(Kind, &str)] = match kind {
        Kind::Users => &[(Kind::OrganizationMemberships, "user_id")],
        Kind::Organizations => &[
            (Kind::OrganizationMemberships, "organization_id"),
            (Kind::OrganizationInvitations, "organization_id"),
            (Kind::OrganizationDomains, "organization_id"),
        ],
        _ => &[],
    };
    for (kind, column) in belonging {
        connection.prepare_cached(&format!("DELETE FROM {} WHERE {column} = ?1", kind.name()))?.execute([id])?;
    }
    Ok(())
}
