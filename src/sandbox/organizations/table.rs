//! Changes to the table of organizations.

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::value::RawValue;

use super::request::{OrganizationFields, UpdateOrganization};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::assignments::Assignments;
use crate::sandbox::clock::now;

/// What became of an organization that was to be inserted.
pub(super) enum InsertedOrganization {
    /// It has this id now.
    Created(String),
    /// The organization with this id has the same external id.
    Exists(String),
    /// Another organization has a value that must be unique.
    Conflict(ApiError),
}

/// Inserts an organization. Without a slug, the name is its slug.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    fields: &OrganizationFields<'_>,
) -> Result<InsertedOrganization, ApiError> {
    let id = format!("org_{}", uuid::Uuid::now_v7());
    let slug = fields.slug.as_ref().or(fields.name.as_ref());
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO organizations (id, external_id, name, display_name, slug, registration_mode, \
             feature_flags, security_policies, metadata, admin_metadata, create_time, update_time) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
        )?
        .execute(params![
            id,
            fields.external_id,
            fields.name,
            fields.display_name,
            slug,
            fields.registration_mode.as_deref().unwrap_or("open"),
            fields.feature_flags.map(RawValue::get),
            fields.security_policies.map(RawValue::get),
            fields.metadata.map(RawValue::get),
            fields.admin_metadata.map(RawValue::get),
            now(),
        ])?;
    if inserted == 1 {
        return Ok(InsertedOrganization::Created(id));
    }
    // Which unique column prevented it. `external_id` is checked first: it makes a repeated import change nothing.
    if let Some(id) = find(transaction, "external_id", fields.external_id.as_deref())? {
        return Ok(InsertedOrganization::Exists(id));
    }
    let name = find(transaction, "name", fields.name.as_deref())?.is_some();
    let field = if name { "organization.name" } else { "organization.slug" };
    Ok(InsertedOrganization::Conflict(ApiError::conflict(Some(field), "another organization has this name or slug")))
}

fn find(transaction: &Transaction<'_>, column: &str, value: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let mut statement = transaction.prepare_cached(&format!("SELECT id FROM organizations WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], |row| row.get(0)).optional()?)
}

/// Whether there is an organization with this id.
pub(in crate::sandbox) fn exists(transaction: &Transaction<'_>, id: &str) -> Result<bool, ApiError> {
    Ok(find(transaction, "id", Some(id))?.is_some())
}

/// Refuses a call that concerns an organization which does not exist.
pub(in crate::sandbox) fn need(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    if exists(transaction, id)? { Ok(()) } else { Err(ApiError::organization()) }
}

/// Sets the fields that the mask names; one that the body does not have becomes null. A slug never changes.
pub(super) fn update(
    transaction: &Transaction<'_>,
    id: &str,
    request: &UpdateOrganization<'_>,
) -> Result<(), ApiError> {
    let fields = &request.organization;
    validation::check(fields)?;
    need(transaction, id)?;
    let mut changes = Assignments::default();
    for name in request.update_mask.split(',').map(str::trim) {
        match name {
            "name" if fields.name.is_some() => changes.set("name", fields.name.as_deref()),
            "registration_mode" if fields.registration_mode.is_some() => {
                changes.set("registration_mode", fields.registration_mode.as_deref());
            }
            "external_id" => changes.set("external_id", fields.external_id.as_deref()),
            "display_name" => changes.set("display_name", fields.display_name.as_deref()),
            "feature_flags" => changes.set("feature_flags", fields.feature_flags.map(RawValue::get)),
            "security_policies" => changes.set("security_policies", fields.security_policies.map(RawValue::get)),
            "metadata" => changes.set("metadata", fields.metadata.map(RawValue::get)),
            "admin_metadata" => changes.set("admin_metadata", fields.admin_metadata.map(RawValue::get)),
            _ => return Err(ApiError::field("update_mask", "the mask names a field that cannot be updated so")),
        }
    }
    if changes.update(transaction, "organizations", id)? {
        return Ok(());
    }
    Err(ApiError::conflict(Some("organization.name"), "another organization has this name or external id"))
}

/// Deletes an organization. One that users belong to is deleted only by force, and its members and invitations with it;
/// the users stay.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str, force: bool) -> Result<(), ApiError> {
    need(transaction, id)?;
    if !force {
        for table in ["members", "identities"] {
            let sql = format!("SELECT 1 FROM {table} WHERE organization_id = ?1");
            if transaction.prepare_cached(&sql)?.exists([id])? {
                return Err(ApiError::conflict(
                    None,
                    "the organization has members; force=true deletes it nevertheless",
                ));
            }
        }
    }
    for sql in [
        "DELETE FROM members WHERE organization_id = ?1",
        "DELETE FROM invitations WHERE organization_id = ?1",
        "UPDATE identities SET organization_id = NULL WHERE organization_id = ?1",
        "DELETE FROM organizations WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}
