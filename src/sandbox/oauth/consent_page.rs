//! The page where a person agrees to what an application asks for, or does not.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::authorize::error_page;
use super::back::{self, leads_to};
use super::grant::{Grant, Phase, advance, end, find};
use super::oauth_error::OAuthError;
use crate::sandbox::app::App;
use crate::sandbox::clients::OAuthClient;
use crate::sandbox::page::{escape, page_that_leads_to};

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Decision {
    consent_challenge: String,
    /// `allow`, or anything else.
    decision: String,
}

/// Asks the person who signed in.
pub(super) fn consent_page(grant: &Grant, client: &OAuthClient, challenge: &str) -> Response {
    let scopes: Vec<String> = grant.scope.split(' ').map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    let content = include_str!("consent_form.html")
        .replace("<!-- scopes -->", &scopes.concat())
        .replace("<!-- challenge -->", &escape(challenge))
        .replace("<!-- application -->", &escape(&client.client_name));
    page_that_leads_to(StatusCode::OK, "Agree", &content, leads_to(&grant.redirect_uri).as_deref())
}

/// `POST /oauth2/consent`
pub(super) async fn decide(State(app): State<Arc<App>>, Form(decision): Form<Decision>) -> Response {
    let Decision { consent_challenge, decision } = decision;
    let decided = app.store.transaction(move |transaction| {
        let Some(grant) = find(transaction, &consent_challenge, Phase::Consent)? else { return Ok(None) };
        if decision == "allow" {
            let code = advance(transaction, &grant.id, Phase::Code)?;
            return Ok(Some((grant, Some(code))));
        }
        end(transaction, &grant.id)?;
        Ok(Some((grant, None)))
    });
    match decided.await {
        Ok(Some((grant, Some(code)))) => back::with_code(&grant, &code),
        Ok(Some((grant, None))) => {
            let denied = OAuthError::new("access_denied", "the person did not agree");
            back::with_error(&grant.redirect_uri, grant.state.as_deref(), &denied)
        }
        Ok(None) => error_page(&OAuthError::too_late()),
        Err(failure) => error_page(&failure.into()),
    }
}
