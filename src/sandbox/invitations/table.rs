//! The table of invitations.

use std::borrow::Cow;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::sandbox::api_error::ApiError;
use crate::sandbox::clock::now;
use crate::sandbox::identities::{email_key, is_email};
use crate::sandbox::members::{ROLES, is_member};
use crate::sandbox::organizations;

/// What callers say about an invitation. The path of the single method says the organization.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InvitationFields<'a> {
    #[serde(borrow)]
    pub organization_id: Cow<'a, str>,
    #[serde(borrow)]
    email: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    expires_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    /// Callers who say nothing have an e-mail sent.
    send_email: Option<bool>,
}

/// An invitation as answers show it.
#[derive(Serialize)]
pub(super) struct StoredInvitation {
    id: String,
    organization_id: String,
    email: String,
    role: String,
    status: &'static str,
    metadata: Option<Box<RawValue>>,
    /// The sandbox sends nothing. It says what a target would have done.
    email_sent: bool,
    expires_at: Option<String>,
    created_at: String,
}

/// What makes an invitation.
pub(super) const SELECT: &str =
    "SELECT number, id, organization_id, email, role, metadata, email_sent, expires_at, created_at FROM invitations";

impl StoredInvitation {
    /// An invitation from a row of [`SELECT`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(1)?,
            organization_id: row.get(2)?,
            email: row.get(3)?,
            role: row.get(4)?,
            status: "pending",
            metadata: row.get::<_, Option<String>>(5)?.and_then(|text| RawValue::from_string(text).ok()),
            email_sent: row.get(6)?,
            expires_at: row.get(7)?,
            created_at: row.get(8)?,
        })
    }
}

/// What became of an invitation that was to be inserted.
pub(super) enum InsertedInvitation {
    /// It has this id now.
    Created(String),
    /// The invitation with this id is for the same address and organization.
    Exists(String),
}

/// Refuses an invitation with a wrong value, to an organization that does not exist, or of a member.
pub(super) fn check(
    transaction: &Transaction<'_>,
    organization: &str,
    fields: &InvitationFields<'_>,
) -> Result<(), ApiError> {
    if !organizations::exists(transaction, organization)? {
        return Err(ApiError::organization().with_field("invitation.organization_id"));
    }
    if !is_email(&fields.email) {
        return Err(ApiError::field("invitation.email", "the email address is malformed"));
    }
    if !ROLES.contains(&fields.role.as_ref()) {
        return Err(ApiError::field("invitation.role", "the role is owner, admin, member, viewer or billing"));
    }
    if fields.metadata.is_some_and(|metadata| !metadata.get().starts_with('{')) {
        return Err(ApiError::field("invitation.metadata", "this must be an object"));
    }
    if let Some(time) = &fields.expires_at {
        let is_ahead = time.parse::<jiff::Timestamp>().is_ok_and(|time| time > jiff::Timestamp::now());
        if !is_ahead {
            return Err(ApiError::field("invitation.expires_at", "this must be a time that is still to come"));
        }
    }
    if is_member(transaction, organization, &email_key(&fields.email))? {
        return Err(ApiError::member_exists().with_field("invitation.email"));
    }
    Ok(())
}

/// Inserts an invitation that was checked.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    organization: &str,
    fields: &InvitationFields<'_>,
) -> Result<InsertedInvitation, ApiError> {
    let (id, key) = (format!("inv_{}", uuid::Uuid::now_v7()), email_key(&fields.email));
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO invitations \
             (id, organization_id, email, email_key, role, metadata, email_sent, expires_at, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id,
            organization,
            fields.email,
            key,
            fields.role,
            fields.metadata.map(RawValue::get),
            fields.send_email.unwrap_or(true),
            fields.expires_at,
            now(),
        ])?;
    if inserted == 1 {
        return Ok(InsertedInvitation::Created(id));
    }
    let mut statement =
        transaction.prepare_cached("SELECT id FROM invitations WHERE organization_id = ?1 AND email_key = ?2")?;
    Ok(InsertedInvitation::Exists(statement.query_row([organization, &key], |row| row.get(0))?))
}

/// The invitation with this id.
pub(super) fn get(transaction: &Transaction<'_>, id: &str) -> Result<StoredInvitation, ApiError> {
    transaction
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], StoredInvitation::from_row)
        .optional()?
        .ok_or_else(|| ApiError::not_found("the invitation"))
}

/// Takes an invitation back.
pub(super) fn delete(transaction: &Transaction<'_>, organization: &str, id: &str) -> Result<(), ApiError> {
    let deleted = transaction
        .prepare_cached("DELETE FROM invitations WHERE organization_id = ?1 AND id = ?2")?
        .execute([organization, id])?;
    if deleted == 0 { Err(ApiError::not_found("the invitation")) } else { Ok(()) }
}
