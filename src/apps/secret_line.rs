//! A line of the file of secrets.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

/// Which client's secret a line of the file of secrets has, by its id at the target.
pub fn client_of_line(line: &Value) -> Option<&str> {
    line["client_secret"].as_str()?;
    line["client_id"].as_str()
}

/// A line of the file of secrets: the secret of one client, and whose it is.
#[derive(Serialize)]
pub(super) struct SecretLine<'a> {
    application: &'a str,
    client_name: &'a str,
    client_id: &'a str,
    client_secret: &'a str,
}

impl<'a> SecretLine<'a> {
    pub(super) fn new(
        application: &'a str,
        client_name: &'a str,
        client_id: &'a str,
        secret: &'a SecretString,
    ) -> Self {
        Self { application, client_name, client_id, client_secret: secret.expose_secret() }
    }

    /// Whether a line is that of this client.
    pub(super) fn is_of(line: &Value, application: &str, client_id: &str) -> bool {
        line["application"] == application && line["client_id"] == client_id && line["client_secret"].is_string()
    }
}
