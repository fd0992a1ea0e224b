//! The normal form of an email address. No two identities may have the same one. It is a column of its own, because SQLite
//! folds only the letters A to Z.

use rusqlite::{Connection, params};

use crate::mapping::normal_form;

/// The value of the column for an address.
pub(in crate::sandbox) fn email_key(address: &str) -> String {
    normal_form(address).into_owned()
}

/// Makes sure that the column exists and is unique. A database of an earlier version gets the column. If two of its
/// identities have the same address in normal form, only the earlier one gets a key; both stay.
pub(in crate::sandbox) fn ensure(connection: &Connection) -> rusqlite::Result<()> {
    let columns = "SELECT 1 FROM pragma_table_info('identities') WHERE name = 'email_key'";
    if !connection.prepare(columns)?.exists([])? {
        connection.execute_batch("ALTER TABLE identities ADD COLUMN email_key TEXT")?;
    }
    connection.execute_batch("CREATE UNIQUE INDEX IF NOT EXISTS identities_by_email_key ON identities (email_key)")?;
    fill(connection)
}

/// Gives each identity without a key its key, a thousand at a time.
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
