//! The form of each address in which no two identities have the same: a column of its own, for SQLite folds the letters A to Z
//! and no others.

use rusqlite::{Connection, params};

use crate::mapping::normal_form;

/// The value of the column for an address.
pub(super) fn email_key(address: &str) -> String {
    normal_form(address).into_owned()
}

/// Sees to it that the column is there and unique. A database of an earlier version gets it; if two of its identities have
/// the same address by now, the earlier one has it, and both stay.
pub(super) fn ensure(connection: &Connection) -> rusqlite::Result<()> {
    let columns = "SELECT 1 FROM pragma_table_info('identities') WHERE name = 'email_key'";
    if !connection.prepare(columns)?.exists([])? {
        connection.execute_batch("ALTER TABLE identities ADD COLUMN email_key TEXT")?;
    }
    connection.execute_batch("CREATE UNIQUE INDEX IF NOT EXISTS identities_by_email_key ON identities (email_key)")?;
    fill(connection)
}

/// Gives identities without a key one, a thousand at a time.
fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut last = 0;
    loop {
        let transaction = connection.unchecked_transaction()?;
        let missing: Vec<(i64, String)> = transaction
            .prepare_cached(
                "SELECT number, email FROM identities WHERE email_key IS NULL AND number > ?1 ORDER BY number LIMIT 1000",
            )?
            .query_map([last], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (number, email) in &missing {
            transaction
                .prepare_cached("UPDATE OR IGNORE identities SET email_key = ?2 WHERE number = ?1")?
                .execute(params![number, email_key(email)])?;
        }
        transaction.commit()?;
        match missing.last() {
            Some((number, _)) => last = *number,
            None => return Ok(()),
        }
    }
}
