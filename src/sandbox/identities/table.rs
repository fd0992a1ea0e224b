//! Changes to the table of identities.

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::value::RawValue;

use super::email_key::email_key;
use super::request::{IdentityFields, UpdateIdentity};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::assignments::Assignments;
use crate::sandbox::clock::now;

/// What became of an identity that was to be inserted.
pub(super) enum InsertedIdentity {
    /// It has this id now.
    Created(String),
    /// The identity with this id has the same external id.
    Exists(String),
    /// Another identity has a value that must be unique.
    Conflict(ApiError),
}

/// Inserts an identity. It looks for the reason only if that fails.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    fields: &IdentityFields<'_>,
    password: Option<&str>,
) -> Result<InsertedIdentity, ApiError> {
    // A UUID of version 7 begins with the time, so new ids are added at the end of the index and not all over it.
    let id = format!("usr_{}", uuid::Uuid::now_v7());
    let credentials = fields.credentials.as_ref();
    let imported = credentials.and_then(|credentials| credentials.password.as_ref());
    let hashed = password.or_else(|| imported.map(|password| password.config.hashed_password.as_ref()));
    let oidc = credentials.and_then(|credentials| credentials.oidc.as_ref()).map(|oidc| oidc.config.get());
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO identities (id, external_id, email, email_key, email_verified, username, phone, phone_verified, \
             first_name, last_name, display_name, organization_id, locale, timezone, state, traits, admin_metadata, \
             hashed_password, oidc, create_time, update_time) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?20)",
        )?
        .execute(params![
            id,
            fields.external_id,
            fields.email,
            fields.email.as_deref().map(email_key),
            fields.email_verified,
            fields.username,
            fields.phone,
            fields.phone_verified,
            fields.first_name,
            fields.last_name,
            fields.display_name,
            fields.organization_id,
            fields.locale,
            fields.timezone,
            fields.state.as_deref().unwrap_or("active"),
            fields.traits.map(RawValue::get),
            fields.admin_metadata.map(RawValue::get),
            hashed,
            oidc,
            now(),
        ])?;
    if inserted == 1 { Ok(InsertedIdentity::Created(id)) } else { why_not(transaction, fields) }
}

/// Which unique column prevented the insert. `external_id` is checked first: it makes a repeated import change nothing.
fn why_not(transaction: &Transaction<'_>, fields: &IdentityFields<'_>) -> Result<InsertedIdentity, ApiError> {
    if let Some(id) = find(transaction, "external_id", fields.external_id.as_deref())? {
        return Ok(InsertedIdentity::Exists(id));
    }
    let email_key = fields.email.as_deref().map(email_key);
    for (column, value, name, field) in [
        ("email_key", email_key.as_deref(), "email", "identity.email"),
        ("username", fields.username.as_deref(), "username", "identity.username"),
        ("phone", fields.phone.as_deref(), "phone", "identity.phone"),
    ] {
        if find(transaction, column, value)?.is_some() {
            let error = ApiError::conflict(Some(field), format!("another identity has this {name}"));
            return Ok(InsertedIdentity::Conflict(error));
        }
    }
    Err(ApiError::internal(500, "an identity was neither inserted nor in conflict"))
}

/// The id of the identity with this value in this column.
pub(super) fn find(
    transaction: &Transaction<'_>,
    column: &str,
    value: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let mut statement = transaction.prepare_cached(&format!("SELECT id FROM identities WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], |row| row.get(0)).optional()?)
}

/// Whether there is an identity with this id.
pub(in crate::sandbox) fn exists(transaction: &Transaction<'_>, id: &str) -> Result<bool, ApiError> {
    Ok(find(transaction, "id", Some(id))?.is_some())
}

/// Deletes an identity, and its memberships with it. Tuples stay: they name subjects, which need not exist.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    transaction.prepare_cached("DELETE FROM members WHERE user_id = ?1")?.execute([id])?;
    match transaction.prepare_cached("DELETE FROM identities WHERE id = ?1")?.execute([id])? {
        0 => Err(ApiError::not_found("the identity")),
        _ => Ok(()),
    }
}

/// Sets the columns that the mask names. A named column that the body does not have becomes null.
pub(super) fn update(transaction: &Transaction<'_>, id: &str, request: &UpdateIdentity<'_>) -> Result<(), ApiError> {
    let fields = &request.identity;
    validation::check(transaction, fields)?;
    for (name, is_given) in [
        ("external_id", fields.external_id.is_some()),
        ("email", fields.email.is_some()),
        ("state", fields.state.is_some()),
    ] {
        if !is_given && request.update_mask.split(',').any(|masked| masked.trim() == name) {
            return Err(ApiError::validation(format!("{name} cannot be taken away")));
        }
    }
    let mut changes = Assignments::default();
    for name in request.update_mask.split(',').map(str::trim) {
        match name {
            "external_id" => changes.set("external_id", fields.external_id.as_deref()),
            "email" => {
                changes.set("email", fields.email.as_deref());
                changes.set("email_key", fields.email.as_deref().map(email_key));
            }
            "username" => changes.set("username", fields.username.as_deref()),
            "first_name" => changes.set("first_name", fields.first_name.as_deref()),
            "last_name" => changes.set("last_name", fields.last_name.as_deref()),
            "display_name" => changes.set("display_name", fields.display_name.as_deref()),
            "phone" => changes.set("phone", fields.phone.as_deref()),
            "organization_id" => changes.set("organization_id", fields.organization_id.as_deref()),
            "locale" => changes.set("locale", fields.locale.as_deref()),
            "timezone" => changes.set("timezone", fields.timezone.as_deref()),
            "state" => changes.set("state", fields.state.as_deref()),
            "email_verified" => changes.set("email_verified", fields.email_verified),
            "phone_verified" => changes.set("phone_verified", fields.phone_verified),
            "traits" => changes.set("traits", fields.traits.map(RawValue::get)),
            "admin_metadata" => changes.set("admin_metadata", fields.admin_metadata.map(RawValue::get)),
            _ => return Err(ApiError::field("update_mask", "the mask names a field that cannot be updated")),
        }
    }
    if changes.update(transaction, "identities", id)? {
        return Ok(());
    }
    Err(if exists(transaction, id)? {
        ApiError::conflict(None, "another identity has this external id, email, username or phone")
    } else {
        ApiError::not_found("the identity")
    })
}

/// Sets the state of an identity: `active` or `disabled`.
pub(super) fn set_state(transaction: &Transaction<'_>, id: &str, state: &str) -> Result<(), ApiError> {
    let mut changes = Assignments::default();
    changes.set("state", state);
    if changes.update(transaction, "identities", id)? { Ok(()) } else { Err(ApiError::not_found("the identity")) }
}
