//! What an application may know of a person, by scope.

use rusqlite::{OptionalExtension, Transaction};
use serde_json::{Map, Value, json};

use super::grant::Grant;
use crate::sandbox::api_error::ApiError;

/// The claims of an active person; nothing if there is none. An application with the scope `profile` knows names, with `email` the
/// address, with `phone` the number.
pub(super) fn claims(transaction: &Transaction<'_>, grant: &Grant) -> Result<Option<Map<String, Value>>, ApiError> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, email, email_verified, phone, phone_verified, first_name, last_name, display_name, username, locale, \
         timezone FROM identities WHERE id = ?1 AND state = 'active'",
    )?;
    let found = statement.query_row([&grant.identity_id], |row| {
        let text = |index| row.get::<_, Option<String>>(index);
        let mut claims = vec![("sub", json!(text(0)?))];
        if grant.has_scope("email") {
            claims.extend([("email", json!(text(1)?)), ("email_verified", json!(row.get::<_, bool>(2)?))]);
        }
        let phone = text(3)?;
        if grant.has_scope("phone") && phone.is_some() {
            claims.extend([("phone_number", json!(phone)), ("phone_number_verified", json!(row.get::<_, bool>(4)?))]);
        }
        if grant.has_scope("profile") {
            let (given, family) = (text(5)?, text(6)?);
            let whole = [given.as_deref(), family.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let name = text(7)?.or((!whole.is_empty()).then_some(whole));
            claims.extend([("given_name", json!(given)), ("family_name", json!(family)), ("name", json!(name))]);
            claims.extend([("preferred_username", json!(text(8)?)), ("locale", json!(text(9)?))]);
            claims.push(("zoneinfo", json!(text(10)?)));
        }
        Ok(claims)
    });
    let known = found.optional()?.map(|claims| claims.into_iter().filter(|(_, value)| !value.is_null()));
    Ok(known.map(|claims| claims.map(|(name, value)| (name.to_owned(), value)).collect()))
}
