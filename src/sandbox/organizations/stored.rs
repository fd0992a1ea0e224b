//! An organization as it is read from the database and as answers show it.

use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::sandbox::api_error::ApiError;
use crate::sandbox::call::ApiAnswer;

/// An organization as answers show it.
#[derive(Serialize)]
pub(super) struct StoredOrganization {
    id: String,
    external_id: Option<String>,
    name: String,
    display_name: Option<String>,
    slug: String,
    logo_url: Option<String>,
    registration_mode: String,
    member_count: i64,
    feature_flags: Option<Box<RawValue>>,
    security_policies: Option<Box<RawValue>>,
    metadata: Option<Box<RawValue>>,
    admin_metadata: Option<Box<RawValue>>,
    create_time: String,
    update_time: String,
}

/// The columns that make an organization.
pub(super) const COLUMNS: &str = "number, id, external_id, name, display_name, slug, registration_mode, \
    (SELECT count(*) FROM members WHERE organization_id = organizations.id), \
    feature_flags, security_policies, metadata, admin_metadata, create_time, update_time";

impl StoredOrganization {
    /// An organization from a row with [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let raw = |index| {
            let text: Option<String> = row.get(index)?;
            Ok::<_, rusqlite::Error>(text.and_then(|text| RawValue::from_string(text).ok()))
        };
        Ok(Self {
            id: row.get(1)?,
            external_id: row.get(2)?,
            name: row.get(3)?,
            display_name: row.get(4)?,
            slug: row.get(5)?,
            logo_url: None,
            registration_mode: row.get(6)?,
            member_count: row.get(7)?,
            feature_flags: raw(8)?,
            security_policies: raw(9)?,
            metadata: raw(10)?,
            admin_metadata: raw(11)?,
            create_time: row.get(12)?,
            update_time: row.get(13)?,
        })
    }
}

/// The answer with the organization that has this id.
pub(super) fn answer(transaction: &Transaction<'_>, status: u16, id: &str) -> Result<ApiAnswer, ApiError> {
    let found = transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM organizations WHERE id = ?1"))?
        .query_row([id], StoredOrganization::from_row)
        .optional()?;
    ApiAnswer::json(status, &found.ok_or_else(ApiError::organization)?)
}
