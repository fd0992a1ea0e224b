//! `GET /oauth2/auth`: an application asks to sign somebody in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rusqlite::Transaction;

use super::back;
use super::code_challenge::is_challenge;
use super::grant::{Grant, Phase, begin};
use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::app::App;
use crate::sandbox::clients::{self, OAuthClient};
use crate::sandbox::page::{escape, page};

/// Where the browser goes from here.
enum Next {
    /// Nowhere: the request names no known application, or an address that is not that one's.
    Nowhere(OAuthError),
    /// Back to the application.
    Back { redirect_uri: String, state: Option<String>, error: OAuthError },
    /// To the sign-in page.
    SignIn { challenge: String, login_hint: Option<String> },
}

/// `GET /oauth2/auth`
pub(super) async fn authorize(State(app): State<Arc<App>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let next = app.store.transaction(move |transaction| decide(transaction, &query)).await;
    match next.unwrap_or_else(|failure| Next::Nowhere(failure.into())) {
        Next::Nowhere(error) => error_page(&error),
        Next::Back { redirect_uri, state, error } => back::with_error(&redirect_uri, state.as_deref(), &error),
        Next::SignIn { challenge, login_hint } => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("login_challenge", &challenge);
            if let Some(hint) = login_hint {
                query.append_pair("login_hint", &hint);
            }
            back::redirect(&format!("/sign-in?{}", query.finish()))
        }
    }
}

fn decide(transaction: &Transaction<'_>, query: &str) -> Result<Next, ApiError> {
    let parameters = match Parameters::parse(query.as_bytes()) {
        Ok(parameters) => parameters,
        Err(error) => return Ok(Next::Nowhere(error)),
    };
    let client = clients::find(transaction, parameters.get("client_id").unwrap_or_default())?;
    let Some(client) = client else {
        return Ok(Next::Nowhere(OAuthError::new("invalid_client", "no application has this client_id")));
    };
    // Byte for byte: anything else would send people to an address that nobody registered.
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    if !client.redirect_uris.iter().any(|registered| registered == redirect_uri) {
        let fault = "the redirect_uri is missing, or is none that the application registered; it has to be the same byte for byte";
        return Ok(Next::Nowhere(OAuthError::request(fault)));
    }
    let (redirect_uri, state) = (redirect_uri.to_owned(), parameters.owned("state"));
    match grant(&client, &parameters) {
        Err(error) => Ok(Next::Back { redirect_uri, state, error }),
        Ok(asked) => {
            let challenge = begin(transaction, &Grant { redirect_uri, state, ..asked }, Phase::SignIn)?;
            Ok(Next::SignIn { challenge, login_hint: parameters.owned("login_hint") })
        }
    }
}

/// What is asked for, if it may be.
fn grant(client: &OAuthClient, parameters: &Parameters) -> Result<Grant, OAuthError> {
    let get = |name| parameters.get(name);
    if get("request").is_some() || get("request_uri").is_some() {
        return Err(OAuthError::new("request_not_supported", "parameters come in the query"));
    }
    match get("response_type") {
        Some("code") => {}
        Some(_) => return Err(OAuthError::new("unsupported_response_type", "the response_type has to be code")),
        None => return Err(OAuthError::request("the response_type is missing")),
    }
    if get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(OAuthError::request("the response_mode has to be query"));
    }
    if !client.may_use("authorization_code") {
        return Err(OAuthError::new("unauthorized_client", "the application is not registered for codes"));
    }
    let challenge = parameters.need("code_challenge", "every application needs PKCE: the code_challenge is missing")?;
    if get("code_challenge_method") != Some("S256") || !is_challenge(challenge) {
        return Err(OAuthError::request("the code_challenge has to be one of the method S256"));
    }
    let scope = get("scope").unwrap_or(&client.scope);
    if !scope.split(' ').all(|asked| client.scope.split(' ').any(|registered| registered == asked)) {
        return Err(OAuthError::new("invalid_scope", "the application is not registered for one of the scopes"));
    }
    if get("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) {
        return Err(OAuthError::new("login_required", "nobody is signed in"));
    }
    Ok(Grant {
        nonce: parameters.owned("nonce"),
        code_challenge: challenge.to_owned(),
        ..Grant::of_client(&client.client_id, scope)
    })
}

/// Says to the person what is wrong.
pub(super) fn error_page(error: &OAuthError) -> Response {
    let content = format!(
        "<h1>No sign-in</h1><section class=\"bad\" role=\"alert\"><h2>{}</h2><p>{}.</p></section>\
         <p>Go back to the application. Nobody was signed in.</p>",
        escape(error.code),
        escape(error.description)
    );
    page(StatusCode::BAD_REQUEST, "No sign-in", &content)
}
