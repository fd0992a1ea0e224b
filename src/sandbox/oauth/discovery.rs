//! What applications can find out by themselves: where everything is, and the keys that check signatures.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::issuer::issuer;
use super::oauth_error::OAuthError;
use super::signing_key::SigningKey;
use crate::sandbox::app::{App, json};

/// `GET /.well-known/openid-configuration`
pub(super) async fn configuration(request: Request) -> Response {
    let issuer = issuer(request.headers());
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth2/auth"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "phone", "offline_access"],
        "claims_supported": [
            "sub", "email", "email_verified", "phone_number", "phone_number_verified", "given_name", "family_name", "name",
            "preferred_username", "locale", "zoneinfo",
        ],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    json(StatusCode::OK, document.to_string().into_bytes())
}

/// `GET /.well-known/jwks.json`
pub(super) async fn key_set(State(app): State<Arc<App>>) -> Response {
    match app.store.transaction(|transaction| SigningKey::of(transaction)?.public()).await {
        Ok(key) => json(StatusCode::OK, json!({ "keys": [key] }).to_string().into_bytes()),
        Err(failure) => OAuthError::from(failure).response(),
    }
}
