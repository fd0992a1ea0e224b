//! A client as a target has it.

use serde::Deserialize;
use serde_json::Value;

use super::ClientContent;
use super::client_form::{APPLICATION, MARK, PUBLIC};

/// A client as a target has it. Its secret is in no answer but the one that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct FoundClient {
    /// Its id at the target.
    pub client_id: String,
    #[serde(default)]
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Option<Vec<String>>,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    client_uri: Option<String>,
    #[serde(default)]
    skip_consent: Option<bool>,
    #[serde(default)]
    metadata: Value,
}

impl FoundClient {
    /// The name for people.
    pub fn name(&self) -> &str {
        self.client_name.as_deref().unwrap_or_default()
    }

    /// What of it is compared.
    pub fn content(&self) -> ClientContent {
        ClientContent {
            client_name: self.name().to_owned(),
            is_public: self.token_endpoint_auth_method.as_deref() == Some(PUBLIC),
            redirect_uris: self.redirect_uris.iter().flatten().cloned().collect(),
            grant_types: self.grant_types.iter().flatten().cloned().collect(),
            scopes: self.scope.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect(),
            client_uri: self.client_uri.clone().unwrap_or_default(),
            skip_consent: self.skip_consent.unwrap_or_default(),
        }
    }

    /// Whether it is the client of this application, made by whom this mark stands for.
    pub fn is_of(&self, application: &str, mark: &str) -> bool {
        self.member(APPLICATION) == Some(application) && self.member(MARK) == Some(mark)
    }

    /// Whether this program made it, started by anybody.
    pub fn is_marked(&self) -> bool {
        self.member(MARK).is_some()
    }

    fn member(&self, [one, two]: [&str; 2]) -> Option<&str> {
        self.metadata.get(one)?.get(two)?.as_str()
    }
}

/// Reads an answer with one client.
pub fn read_client(body: &[u8]) -> Option<FoundClient> {
    serde_json::from_slice(body).ok()
}
