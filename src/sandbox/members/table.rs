//! Changes to the table of members. On request, a member's role is a tuple, too.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::sandbox::api_error::ApiError;
use crate::sandbox::clock::now;
use crate::sandbox::permissions::{PermissionTuple, grant, revoke};
use crate::sandbox::{identities, organizations};

/// The roles that members can have.
pub(in crate::sandbox) const ROLES: [&str; 5] = ["owner", "admin", "member", "viewer", "billing"];

/// Who is a member of what, in which role.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewMember<'a> {
    pub organization: &'a str,
    pub user: &'a str,
    pub role: &'a str,
    /// An object, as the caller wrote it.
    pub metadata: Option<&'a str>,
}

/// What became of a member who was to be added.
pub(super) enum Added {
    Created,
    /// The user is a member already, in this role.
    Exists(String),
}

/// Refuses a membership with a wrong value, or of an organization or a user who does not exist.
pub(super) fn check(transaction: &Transaction<'_>, membership: &NewMember<'_>) -> Result<(), ApiError> {
    check_values(Some(membership.role), membership.metadata)?;
    if !organizations::exists(transaction, membership.organization)? {
        return Err(ApiError::organization().with_field("membership.organization_id"));
    }
    if !identities::exists(transaction, membership.user)? {
        return Err(ApiError::not_found("the user").with_field("membership.user_id"));
    }
    Ok(())
}

fn check_values(role: Option<&str>, metadata: Option<&str>) -> Result<(), ApiError> {
    if role.is_some_and(|role| !ROLES.contains(&role)) {
        return Err(ApiError::field("membership.role", "the role is owner, admin, member, viewer or billing"));
    }
    if metadata.is_some_and(|metadata| !metadata.starts_with('{')) {
        return Err(ApiError::field("membership.metadata", "this must be an object"));
    }
    Ok(())
}

/// Adds a member who was checked.
pub(super) fn add(
    transaction: &Transaction<'_>,
    membership: &NewMember<'_>,
    with_tuple: bool,
) -> Result<Added, ApiError> {
    let NewMember { organization, user, role, metadata } = *membership;
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO members (organization_id, user_id, role, metadata, joined_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![organization, user, role, metadata, now()])?;
    if inserted == 0 {
        return role_of(transaction, organization, user).map(Added::Exists);
    }
    if with_tuple {
        grant(transaction, &tuple_of(organization, user, role))?;
    }
    Ok(Added::Created)
}

/// Changes what is given about a member.
pub(super) fn update(
    transaction: &Transaction<'_>,
    (organization, user): (&str, &str),
    role: Option<&str>,
    metadata: Option<&str>,
    with_tuple: bool,
) -> Result<(), ApiError> {
    check_values(role, metadata)?;
    let before = role_of(transaction, organization, user)?;
    transaction
        .prepare_cached(
            "UPDATE members SET role = coalesce(?3, role), metadata = coalesce(?4, metadata) \
             WHERE organization_id = ?1 AND user_id = ?2",
        )?
        .execute(params![organization, user, role, metadata])?;
    if with_tuple && let Some(role) = role {
        revoke(transaction, &tuple_of(organization, user, &before))?;
        grant(transaction, &tuple_of(organization, user, role))?;
    }
    Ok(())
}

/// Takes a member out of an organization.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    organization: &str,
    user: &str,
    with_tuple: bool,
) -> Result<(), ApiError> {
    let role = role_of(transaction, organization, user)?;
    transaction
        .prepare_cached("DELETE FROM members WHERE organization_id = ?1 AND user_id = ?2")?
        .execute([organization, user])?;
    if with_tuple {
        revoke(transaction, &tuple_of(organization, user, &role))?;
    }
    Ok(())
}

/// Whether the user with this address in normal form is a member.
pub(in crate::sandbox) fn is_member(
    transaction: &Transaction<'_>,
    organization: &str,
    email_key: &str,
) -> Result<bool, ApiError> {
    let sql = "SELECT 1 FROM members JOIN identities ON identities.id = user_id \
               WHERE email_key = ?2 AND members.organization_id = ?1";
    Ok(transaction.prepare_cached(sql)?.exists([organization, email_key])?)
}

fn role_of(transaction: &Transaction<'_>, organization: &str, user: &str) -> Result<String, ApiError> {
    transaction
        .prepare_cached("SELECT role FROM members WHERE organization_id = ?1 AND user_id = ?2")?
        .query_row([organization, user], |row| row.get(0))
        .optional()?
        .ok_or_else(|| ApiError::not_found("the member"))
}

fn tuple_of(organization: &str, user: &str, role: &str) -> PermissionTuple {
    PermissionTuple {
        namespace: "organizations".to_owned(),
        object: organization.to_owned(),
        relation: role.to_owned(),
        subject: format!("identities:{user}"),
    }
}
