//! `POST /oauth2/token`: codes, refresh tokens and a client's own credentials become tokens.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use rusqlite::Transaction;

use super::client_authentication::Presented;
use super::code_challenge::answers;
use super::grant::{Grant, Phase, begin, end, find};
use super::issuer::issuer;
use super::oauth_error::{OAuthError, private_json};
use super::parameters::Parameters;
use super::person;
use super::tokens::{IssuedTokens, issue, of_refresh_token, use_up};
use crate::sandbox::app::App;
use crate::sandbox::clients::OAuthClient;
use crate::sandbox::rate_limit::APPLICATIONS;

/// The longest body.
const MAX_BODY: usize = 16 * 1024;

/// `POST /oauth2/token`
pub(super) async fn token(State(app): State<Arc<App>>, request: Request) -> Response {
    let mut limits = HeaderMap::new();
    let answered = answer(&app, request, &mut limits).await;
    let mut response = match answered {
        Ok(tokens) => private_json(StatusCode::OK, &tokens),
        Err(error) => error.response(),
    };
    response.headers_mut().extend(limits);
    response
}

async fn answer(app: &App, request: Request, limits: &mut HeaderMap) -> Result<IssuedTokens, OAuthError> {
    let (head, body) = request.into_parts();
    // The body is read in any case: a sender that is cut off might never see the answer.
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| OAuthError::request("the body is too large or broke off"))?;
    if !app.allows(APPLICATIONS, limits) {
        return Err(OAuthError::too_often());
    }
    if !is_form(&head.headers) {
        return Err(OAuthError::request("the body has to be application/x-www-form-urlencoded"));
    }
    let parameters = Parameters::parse(&body)?;
    let presented = Presented::of(&head.headers, &parameters)?;
    let issuer = issuer(&head.headers);
    // An error is no failure of the transaction: it may end a grant, which has to last.
    let exchanged =
        app.store.transaction(move |transaction| Ok(exchange(transaction, &issuer, &presented, &parameters)));
    exchanged.await?
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

fn exchange(
    transaction: &Transaction<'_>,
    issuer: &str,
    presented: &Presented,
    parameters: &Parameters,
) -> Result<IssuedTokens, OAuthError> {
    let client = presented.authenticate(transaction)?;
    let grant_type = parameters.need("grant_type", "the grant_type is missing")?;
    if !["authorization_code", "refresh_token", "client_credentials"].contains(&grant_type) {
        return Err(OAuthError::new("unsupported_grant_type", "this grant_type is not offered"));
    }
    if !client.may_use(grant_type) {
        return Err(OAuthError::new("unauthorized_client", "the client is not registered for this grant_type"));
    }
    let grant = match grant_type {
        "authorization_code" => of_code(transaction, &client, parameters)?,
        "refresh_token" => {
            let token = parameters.need("refresh_token", "the refresh_token is missing")?;
            of_refresh_token(transaction, &client, token)?
        }
        _ => {
            let grant = Grant::of_client(&client.client_id, &client.scope);
            begin(transaction, &grant, Phase::Given)?;
            grant
        }
    };
    // Somebody may have disabled or deleted the account since.
    if grant.identity_id.is_some() && person::claims(transaction, &grant)?.is_none() {
        end(transaction, &grant.id)?;
        return Err(OAuthError::grant("the account is disabled or gone"));
    }
    let scope = parameters.get("scope").filter(|_| grant_type != "authorization_code").unwrap_or(&grant.scope);
    if !scope.split(' ').all(|asked| grant.has_scope(asked)) {
        return Err(OAuthError::new("invalid_scope", "more is asked for than was granted"));
    }
    if let ("refresh_token", Some(token)) = (grant_type, parameters.get("refresh_token")) {
        use_up(transaction, token)?;
    }
    Ok(issue(transaction, issuer, &client, &grant, scope)?)
}

/// The grant of a code, if the code comes from the client that got it, with the same redirect URI and the verifier.
fn of_code(transaction: &Transaction<'_>, client: &OAuthClient, parameters: &Parameters) -> Result<Grant, OAuthError> {
    const UNKNOWN: OAuthError = OAuthError::grant("the code is unknown, was used or has expired");
    let code = parameters.need("code", "the code is missing")?;
    let redirect_uri = parameters.need("redirect_uri", "the redirect_uri is missing")?;
    let verifier = parameters.need("code_verifier", "every client needs PKCE: the code_verifier is missing")?;
    let Some(grant) = find(transaction, code, Phase::Code)? else {
        if let Some(grant) = find(transaction, code, Phase::Given)? {
            // Somebody else has the code, too.
            end(transaction, &grant.id)?;
        }
        return Err(UNKNOWN);
    };
    if grant.client_id != client.client_id {
        return Err(UNKNOWN);
    }
    if grant.redirect_uri != redirect_uri {
        return Err(OAuthError::grant("the redirect_uri is another one than that of the code"));
    }
    if !answers(verifier, &grant.code_challenge) {
        return Err(OAuthError::grant("the code_verifier does not answer the code_challenge"));
    }
    Ok(grant)
}
