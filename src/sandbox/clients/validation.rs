//! What the sandbox requires of an OAuth client. It is deliberately written apart from the importer's rules.

use serde_json::value::RawValue;
use url::Url;

use super::fields::ClientFields;
use super::redirect_uri;
use crate::sandbox::api_error::ApiError;

const GRANT_TYPES: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];
const RESPONSE_TYPES: [&str; 1] = ["code"];
const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", super::client::PUBLIC];

/// The largest number of redirect URIs.
const MAX_URIS: usize = 100;

/// Checks the fields that are present.
pub(super) fn check(fields: &ClientFields<'_>) -> Result<(), ApiError> {
    let wrong = |field, message: &str| Err(ApiError::field(field, message));
    if fields.client_id.as_deref().is_some_and(|id| !is_client_id(id)) {
        return wrong("client_id", "this has 1 to 255 letters, digits and -_.~");
    }
    if fields.client_name.as_deref().is_some_and(|name| !(1..=256).contains(&name.chars().count())) {
        return wrong("client_name", "a name has 1 to 256 characters");
    }
    let uris = fields.redirect_uris.as_deref().unwrap_or_default();
    if uris.len() > MAX_URIS {
        return wrong("redirect_uris", "a client has at most 100 redirect URIs");
    }
    if let Some(fault) = uris.iter().find_map(|uri| redirect_uri::fault(uri)) {
        return wrong("redirect_uris", fault);
    }
    for (field, given, known) in [
        ("grant_types", &fields.grant_types, GRANT_TYPES.as_slice()),
        ("response_types", &fields.response_types, &RESPONSE_TYPES),
    ] {
        let are_known = |values: &Vec<String>| values.iter().all(|value| known.contains(&value.as_str()));
        if given.as_ref().is_some_and(|values| values.is_empty() || !are_known(values)) {
            return wrong(field, "this lists what is not offered, or nothing");
        }
    }
    if fields.scope.as_deref().is_some_and(|scope| scope.len() > 2_000 || !scope.split(' ').all(is_scope)) {
        return wrong("scope", "scopes are printable words with one blank between");
    }
    if fields.token_endpoint_auth_method.as_deref().is_some_and(|method| !AUTH_METHODS.contains(&method)) {
        return wrong("token_endpoint_auth_method", "this is client_secret_basic, client_secret_post or none");
    }
    for (field, address) in [("client_uri", &fields.client_uri), ("logo_uri", &fields.logo_uri)] {
        if address.as_deref().is_some_and(|address| !is_web_address(address)) {
            return wrong(field, "this is an address that begins with http: or https:");
        }
    }
    if fields.metadata.map(RawValue::get).is_some_and(|metadata| !metadata.starts_with('{')) {
        return wrong("metadata", "this must be an object");
    }
    Ok(())
}

fn is_client_id(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// RFC 6749, 3.3.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

fn is_web_address(address: &str) -> bool {
    address.len() <= 2_048 && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
