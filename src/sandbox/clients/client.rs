//! An OAuth client as it is read from the database and as answers show it.

use rusqlite::Row;
use serde::Serialize;
use serde_json::value::RawValue;

/// The method of a client without a secret.
pub(super) const PUBLIC: &str = "none";

/// A client as answers show it.
#[derive(Debug, Serialize)]
pub(in crate::sandbox) struct OAuthClient {
    pub client_id: String,
    /// Only in the answer that made it: the sandbox keeps no more than a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    pub client_name: String,
    /// Each as it was registered, byte for byte.
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    response_types: Vec<String>,
    /// Scopes with blanks between.
    pub scope: String,
    pub token_endpoint_auth_method: String,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    /// Whether people are not asked if they agree.
    pub skip_consent: bool,
    metadata: Option<Box<RawValue>>,
    create_time: String,
    update_time: String,
}

/// The columns that make a client.
pub(super) const COLUMNS: &str = "number, id, client_name, redirect_uris, grant_types, response_types, scope, \
    token_endpoint_auth_method, client_uri, logo_uri, skip_consent, metadata, create_time, update_time";

impl OAuthClient {
    /// A client from a row with [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let list = |index| {
            let text: String = row.get(index)?;
            Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or_default())
        };
        let metadata: Option<String> = row.get(11)?;
        Ok(Self {
            client_id: row.get(1)?,
            client_secret: None,
            client_name: row.get(2)?,
            redirect_uris: list(3)?,
            grant_types: list(4)?,
            response_types: list(5)?,
            scope: row.get(6)?,
            token_endpoint_auth_method: row.get(7)?,
            client_uri: row.get(8)?,
            logo_uri: row.get(9)?,
            skip_consent: row.get(10)?,
            metadata: metadata.and_then(|text| RawValue::from_string(text).ok()),
            create_time: row.get(12)?,
            update_time: row.get(13)?,
        })
    }

    /// Whether it has no secret.
    pub(in crate::sandbox) fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == PUBLIC
    }

    /// Whether it may ask for tokens in this way.
    pub(in crate::sandbox) fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|allowed| allowed == grant_type)
    }
}
