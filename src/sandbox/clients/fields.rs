//! What callers say about an OAuth client.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The fields of a client, which are a body of `POST /v1/oauth-clients` by themselves. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClientFields<'a> {
    pub client_id: Option<String>,
    pub client_name: Option<String>,
    pub redirect_uris: Option<Vec<String>>,
    pub grant_types: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    pub scope: Option<String>,
    pub token_endpoint_auth_method: Option<String>,
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub skip_consent: Option<bool>,
    #[serde(borrow)]
    pub metadata: Option<&'a RawValue>,
}

/// A body of `PATCH`.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateClient<'a> {
    #[serde(borrow)]
    pub client: ClientFields<'a>,
    pub update_mask: String,
}
