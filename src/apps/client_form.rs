//! A client as it is sent: the members of RFC 7591 and of Ory Hydra, which both targets have.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::ClientContent;

/// The method of a client that has no secret.
pub(super) const PUBLIC: &str = "none";

/// The member of the metadata that says who made a client.
pub(super) const MARK: [&str; 2] = ["avnology_migrate", "mark"];

/// The member of the metadata that says which application of Clerk's it was.
pub(super) const APPLICATION: [&str; 2] = ["clerk", "application"];

/// A client as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientForm {
    /// Clerk's client id. A target may give another one.
    pub client_id: String,
    /// The name for people.
    pub client_name: String,
    /// Byte for byte.
    pub redirect_uris: Vec<String>,
    /// `authorization_code`, and `refresh_token` if it may be had.
    pub grant_types: Vec<&'static str>,
    /// `code`
    pub response_types: Vec<&'static str>,
    /// Scopes with blanks between.
    pub scope: String,
    /// `none` if it has no secret.
    pub token_endpoint_auth_method: String,
    /// Its page. A target may refuse an empty one, so that is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Whether users are not asked for their consent.
    pub skip_consent: bool,
    /// Whose it is.
    pub metadata: Value,
}

impl ClientForm {
    /// Whether it gets a secret.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != PUBLIC
    }

    /// What these fields of it are to be, by their names: `null` where it leaves one out.
    pub fn values(&self, fields: &[&'static str]) -> std::io::Result<Map<String, Value>> {
        let form = serde_json::to_value(self)?;
        Ok(fields.iter().map(|field| ((*field).to_owned(), form[field].clone())).collect())
    }

    /// What of it is compared.
    pub fn content(&self) -> ClientContent {
        ClientContent {
            client_name: self.client_name.clone(),
            is_public: !self.is_confidential(),
            redirect_uris: self.redirect_uris.iter().cloned().collect(),
            grant_types: self.grant_types.iter().map(|grant| (*grant).to_owned()).collect(),
            scopes: self.scope.split_whitespace().map(str::to_owned).collect(),
            client_uri: self.client_uri.clone().unwrap_or_default(),
            skip_consent: self.skip_consent,
        }
    }

    /// The form with the proof of who made it.
    #[must_use]
    pub fn marked(self, application: &str, mark: &str) -> Self {
        Self { metadata: json!({"clerk": {"application": application}, "avnology_migrate": {"mark": mark}}), ..self }
    }
}
