//! Which client calls the token endpoint, and whether it is that one.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rusqlite::Transaction;

use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use crate::sandbox::clients::{self, OAuthClient};

/// How a client says who it is.
#[derive(Debug)]
pub(super) struct Presented {
    /// As it is registered: `client_secret_basic`, `client_secret_post` or `none`.
    method: &'static str,
    client_id: String,
    secret: Option<String>,
}

impl Presented {
    /// Reads it from a request. A client says it in one way only.
    pub(super) fn of(headers: &HeaderMap, parameters: &Parameters) -> Result<Self, OAuthError> {
        let basic = headers.get(header::AUTHORIZATION);
        let (client_id, secret) = (parameters.owned("client_id"), parameters.owned("client_secret"));
        match (basic, client_id, secret) {
            (Some(_), _, Some(_)) => Err(OAuthError::request("the client authenticates in two ways at once")),
            (Some(value), client_id, None) => {
                let (named, secret) = value.to_str().ok().and_then(basic_credentials).ok_or(OAuthError::client())?;
                if client_id.is_some_and(|id| id != named) {
                    return Err(OAuthError::request("the request names two clients"));
                }
                Ok(Self { method: "client_secret_basic", client_id: named, secret: Some(secret) })
            }
            (None, Some(client_id), Some(secret)) => {
                Ok(Self { method: "client_secret_post", client_id, secret: Some(secret) })
            }
            (None, Some(client_id), None) => Ok(Self { method: "none", client_id, secret: None }),
            (None, None, _) => Err(OAuthError::client()),
        }
    }

    /// The client, if it is that one.
    pub(super) fn authenticate(&self, transaction: &Transaction<'_>) -> Result<OAuthClient, OAuthError> {
        let client = clients::find(transaction, &self.client_id)?.ok_or(OAuthError::client())?;
        let is_proven = match &self.secret {
            Some(secret) => clients::has_secret(transaction, &self.client_id, secret)?,
            None => client.is_public(),
        };
        if is_proven && client.token_endpoint_auth_method == self.method {
            Ok(client)
        } else {
            Err(OAuthError::client())
        }
    }
}

/// Client id and secret, each encoded as in a form before they are joined (RFC 6749, 2.3.1).
fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    let (name, value) = pairs.next()?;
    (value.is_empty() && pairs.next().is_none()).then(|| name.into_owned())
}
