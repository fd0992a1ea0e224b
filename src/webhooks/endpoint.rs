//! An endpoint, as the administrator wrote it down.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{EndpointUrl, UrlFault};

/// An endpoint as it is at Clerk.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is called; no other one is called so.
    pub name: String,
    /// Its address without what may be a secret in it.
    pub shown_url: String,
    /// Its address, or why the target cannot have it.
    pub url: Result<EndpointUrl, UrlFault>,
    /// Clerk's events that it gets, each once, in the order of the file.
    pub events: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What else deliveries carry, by the name of the header.
    pub headers: BTreeMap<String, SecretString>,
}
