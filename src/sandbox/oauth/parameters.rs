//! The parameters of a request: each at most once, as RFC 6749, 3.1 asks for.

use std::collections::BTreeMap;

use super::oauth_error::OAuthError;

/// The parameters of a request by their names. Empty ones count as left out.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads what is encoded as in a query or a form.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, OAuthError> {
        let mut found = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if found.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::request("a parameter occurs twice"));
            }
        }
        found.retain(|_, value| !value.is_empty());
        Ok(Self(found))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A parameter that has to be there.
    pub(super) fn need(&self, name: &str, fault: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::request(fault))
    }
}
