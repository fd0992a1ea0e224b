//! The table of tuples.

use rusqlite::Transaction;

use super::permission_tuple::PermissionTuple;
use crate::sandbox::api_error::ApiError;

/// Writes a tuple; false if it is there already.
pub(in crate::sandbox) fn grant(transaction: &Transaction<'_>, tuple: &PermissionTuple) -> Result<bool, ApiError> {
    let sql = "INSERT OR IGNORE INTO permissions (namespace, object, relation, subject) VALUES (?1, ?2, ?3, ?4)";
    Ok(transaction.prepare_cached(sql)?.execute(tuple.columns())? == 1)
}

/// Removes a tuple; false if it is not there.
pub(in crate::sandbox) fn revoke(transaction: &Transaction<'_>, tuple: &PermissionTuple) -> Result<bool, ApiError> {
    let sql = "DELETE FROM permissions WHERE namespace = ?1 AND object = ?2 AND relation = ?3 AND subject = ?4";
    Ok(transaction.prepare_cached(sql)?.execute(tuple.columns())? == 1)
}

/// Whether a tuple is there. No relation implies another one.
pub(super) fn is_there(transaction: &Transaction<'_>, tuple: &PermissionTuple) -> Result<bool, ApiError> {
    let sql = "SELECT 1 FROM permissions WHERE namespace = ?1 AND object = ?2 AND relation = ?3 AND subject = ?4";
    Ok(transaction.prepare_cached(sql)?.exists(tuple.columns())?)
}

/// What a user has to objects of any namespace, as objects and relations.
pub(in crate::sandbox) fn relations(
    transaction: &Transaction<'_>,
    user: &str,
) -> Result<Vec<(String, String)>, ApiError> {
    let sql =
        "SELECT DISTINCT object, relation FROM permissions WHERE subject IN (?1, 'identities:' || ?1) ORDER BY 1, 2";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
