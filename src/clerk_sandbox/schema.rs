//! The tables of the stand-in, readable with any SQLite tool.

use rusqlite::{Connection, OptionalExtension};

use super::kind::Kind;

/// Records are of some kilobytes: larger pages hold several, and few of them need more than one.
const PAGE_SIZE: &str = "PRAGMA page_size = 16384;";

/// Makes the empty tables, without the indices that are cheaper to make of all records at once.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(PAGE_SIZE)?;
    connection.execute_batch(
        "CREATE TABLE totals (kind TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
         CREATE TABLE loaded_from (export TEXT NOT NULL);",
    )?;
    for kind in Kind::ALL {
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (
                number          INTEGER PRIMARY KEY,
                id              TEXT NOT NULL UNIQUE,
                organization_id TEXT,
                user_id         TEXT,
                created_at      INTEGER NOT NULL,
                updated_at      INTEGER NOT NULL,
                last_active_at  INTEGER,
                record          TEXT NOT NULL
            );",
            table = kind.name()
        ))?;
    }
    Ok(())
}

/// Completes the tables once they are filled, and notes which export they are of.
pub(super) fn complete(connection: &Connection, export: &str) -> rusqlite::Result<()> {
    for kind in Kind::ALL {
        connection.execute_batch(&format!(
            "CREATE INDEX {table}_by_creation ON {table} (created_at, id);
             CREATE INDEX {table}_by_update ON {table} (updated_at, id);
             CREATE INDEX {table}_by_activity ON {table} (last_active_at, id) WHERE last_active_at IS NOT NULL;
             CREATE INDEX {table}_by_organization ON {table} (organization_id, created_at, id)
                WHERE organization_id IS NOT NULL;
             CREATE INDEX {table}_by_user ON {table} (user_id, created_at, id) WHERE user_id IS NOT NULL;
             INSERT INTO totals SELECT '{table}', count(*) FROM {table};
             CREATE TRIGGER {table}_one_more AFTER INSERT ON {table} BEGIN
                UPDATE totals SET total = total + 1 WHERE kind = '{table}';
             END;
             CREATE TRIGGER {table}_one_less AFTER DELETE ON {table} BEGIN
                UPDATE totals SET total = total - 1 WHERE kind = '{table}';
             END;",
            table = kind.name()
        ))?;
    }
    connection.execute("INSERT INTO loaded_from VALUES (?1)", [export]).map(drop)
}

/// Which export the tables are of; none if these are other tables, or they were never completed.
pub(super) fn loaded_from(connection: &Connection) -> Option<String> {
    connection.query_row("SELECT export FROM loaded_from", [], |row| row.get(0)).optional().ok().flatten()
}
