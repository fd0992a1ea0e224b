//! A member as it is read from the database and as answers show it.

use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::sandbox::api_error::ApiError;
use crate::sandbox::call::ApiAnswer;

/// A member as answers show it.
#[derive(Serialize)]
pub(super) struct StoredMember {
    organization_id: String,
    user_id: String,
    email: String,
    role: String,
    metadata: Option<Box<RawValue>>,
    joined_at: String,
}

/// What makes a member.
pub(super) const SELECT: &str = "SELECT number, organization_id, user_id, \
    (SELECT email FROM identities WHERE id = user_id), role, metadata, joined_at FROM members";

impl StoredMember {
    /// A member from a row of [`SELECT`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            organization_id: row.get(1)?,
            user_id: row.get(2)?,
            email: row.get(3)?,
            role: row.get(4)?,
            metadata: row.get::<_, Option<String>>(5)?.and_then(|text| RawValue::from_string(text).ok()),
            joined_at: row.get(6)?,
        })
    }
}

/// The answer with this member.
pub(super) fn answer(
    transaction: &Transaction<'_>,
    status: u16,
    organization: &str,
    user: &str,
) -> Result<ApiAnswer, ApiError> {
    let found = transaction
        .prepare_cached(&format!("{SELECT} WHERE organization_id = ?1 AND user_id = ?2"))?
        .query_row([organization, user], StoredMember::from_row)
        .optional()?;
    ApiAnswer::json(status, &found.ok_or_else(|| ApiError::not_found("the member"))?)
}
