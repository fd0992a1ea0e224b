//! The paths of OAuth.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{authorize, consent_page, discovery, token, userinfo};
use crate::sandbox::app::App;

/// All paths but that of the sign-in page.
pub(in crate::sandbox) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/oauth2/auth", get(authorize::authorize))
        .route("/oauth2/consent", post(consent_page::decide))
        .route("/oauth2/token", post(token::token))
        .route("/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/.well-known/jwks.json", get(discovery::key_set))
}
