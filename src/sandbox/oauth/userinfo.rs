//! `GET /userinfo`: who the person is, as far as the scopes go.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::bearer::bearer;
use super::oauth_error::{OAuthError, private_json};
use super::person;
use super::tokens::of_access_token;
use crate::sandbox::app::App;

/// `GET /userinfo` and `POST /userinfo`
pub(super) async fn userinfo(State(app): State<Arc<App>>, request: Request) -> Response {
    let token = bearer(request.headers()).unwrap_or_default().to_owned();
    let found = app.store.transaction(move |transaction| {
        let Some(grant) = of_access_token(transaction, &token)? else { return Ok(Err(OAuthError::token())) };
        if !grant.has_scope("openid") {
            return Ok(Err(OAuthError::scope()));
        }
        Ok(person::claims(transaction, &grant)?.ok_or(OAuthError::token()))
    });
    match found.await {
        Ok(Ok(claims)) => private_json(StatusCode::OK, &claims),
        Ok(Err(error)) => error.response(),
        Err(failure) => OAuthError::from(failure).response(),
    }
}
