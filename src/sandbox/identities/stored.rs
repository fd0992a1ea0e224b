//! An identity as it is read from the database and as answers show it.

use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::sandbox::api_error::ApiError;
use crate::sandbox::call::ApiAnswer;

/// An identity as answers show it: everything but the password hash.
#[derive(Serialize)]
pub(super) struct StoredIdentity {
    #[serde(skip)]
    number: i64,
    #[serde(skip)]
    version: i64,
    id: String,
    external_id: Option<String>,
    state: String,
    email: String,
    email_verified: bool,
    username: Option<String>,
    phone: Option<String>,
    phone_verified: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    locale: Option<String>,
    timezone: Option<String>,
    traits: Option<Box<RawValue>>,
    admin_metadata: Option<Box<RawValue>>,
    credentials: Shown,
    create_time: String,
    update_time: String,
    /// Null says that nobody has signed in with it.
    last_login_at: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    password: Present,
    /// Null says that there are none. Without the field, a caller could not know whether they are hidden.
    oidc: Option<StoredConfig>,
}

#[derive(Serialize)]
struct StoredConfig {
    config: Box<RawValue>,
}

#[derive(Serialize)]
struct Present {
    present: bool,
}

/// The columns that make an identity.
pub(super) const COLUMNS: &str = "number, version, id, external_id, state, email, email_verified, username, phone, phone_verified, \
    first_name, last_name, display_name, organization_id, locale, timezone, traits, admin_metadata, \
    hashed_password IS NOT NULL, oidc, create_time, update_time, \
    (SELECT last_login_at FROM sign_ins WHERE identity_id = identities.id)";

impl StoredIdentity {
    /// An identity from a row with [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let raw = |index| {
            Ok::<_, rusqlite::Error>(
                row.get::<_, Option<String>>(index)?.and_then(|text| RawValue::from_string(text).ok()),
            )
        };
        Ok(Self {
            number: row.get(0)?,
            version: row.get(1)?,
            id: row.get(2)?,
            external_id: row.get(3)?,
            state: row.get(4)?,
            email: row.get(5)?,
            email_verified: row.get(6)?,
            username: row.get(7)?,
            phone: row.get(8)?,
            phone_verified: row.get(9)?,
            first_name: row.get(10)?,
            last_name: row.get(11)?,
            display_name: row.get(12)?,
            organization_id: row.get(13)?,
            locale: row.get(14)?,
            timezone: row.get(15)?,
            traits: raw(16)?,
            admin_metadata: raw(17)?,
            credentials: Shown {
                password: Present { present: row.get(18)? },
                oidc: raw(19)?.map(|config| StoredConfig { config }),
            },
            create_time: row.get(20)?,
            update_time: row.get(21)?,
            last_login_at: row.get(22)?,
        })
    }

    /// The version of the identity, for `If-Match`.
    pub(super) fn etag(&self) -> String {
        format!("W/\"{}-{}\"", self.number, self.version)
    }

    /// An answer with this identity.
    pub(super) fn answer(&self, status: u16) -> Result<ApiAnswer, ApiError> {
        Ok(ApiAnswer { etag: Some(self.etag()), ..ApiAnswer::json(status, self)? })
    }
}

/// The identity with this id.
pub(super) fn get(transaction: &Transaction<'_>, id: &str) -> Result<StoredIdentity, ApiError> {
    transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM identities WHERE id = ?1"))?
        .query_row([id], StoredIdentity::from_row)
        .optional()?
        .ok_or_else(|| ApiError::not_found("the identity"))
}
