//! What of a client is compared.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// What of a client is compared: name, type, addresses to the byte and in any order, grants, scopes, consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientContent {
    /// The name for people.
    pub client_name: String,
    /// Whether it has no secret. How one with a secret sends it is a choice of the other side's program.
    pub is_public: bool,
    /// Its redirect URIs.
    pub redirect_uris: BTreeSet<String>,
    /// Its grants.
    pub grant_types: BTreeSet<String>,
    /// Its scopes.
    pub scopes: BTreeSet<String>,
    /// Its page, or nothing.
    pub client_uri: String,
    /// Whether users are not asked for their consent.
    pub skip_consent: bool,
}

impl ClientContent {
    /// A digest of it, for the memory.
    pub fn digest(&self) -> String {
        // A struct of texts always has a form in JSON.
        let text = serde_json::to_vec(self).unwrap_or_default();
        hexadecimal(&Sha256::digest(&text)[..16])
    }

    /// What differs, by the names that clients have for it.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        [
            ("client_name", self.client_name != other.client_name),
            ("token_endpoint_auth_method", self.is_public != other.is_public),
            ("redirect_uris", self.redirect_uris != other.redirect_uris),
            ("grant_types", self.grant_types != other.grant_types),
            ("scope", self.scopes != other.scopes),
            ("client_uri", self.client_uri != other.client_uri),
            ("skip_consent", self.skip_consent != other.skip_consent),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}
