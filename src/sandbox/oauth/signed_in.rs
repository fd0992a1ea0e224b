//! What follows when a person signed in because an application asked for it.

use axum::response::Response;

use super::authorize::error_page;
use super::back;
use super::consent_page::consent_page;
use super::grant::{Grant, Phase, advance, find, sign_in};
use super::oauth_error::OAuthError;
use crate::sandbox::app::App;
use crate::sandbox::clients::{self, OAuthClient};

/// Which application asks for a sign-in: its name, and where the browser goes back to. Nothing if none does any more.
pub(in crate::sandbox) async fn asked_by(app: &App, challenge: &str) -> Option<(String, String)> {
    let challenge = challenge.to_owned();
    let found = app.store.transaction(move |transaction| {
        let Some(grant) = find(transaction, &challenge, Phase::SignIn)? else { return Ok(None) };
        let client = clients::find(transaction, &grant.client_id)?;
        Ok(client.map(|client| (client.client_name, grant.redirect_uri)))
    });
    found.await.ok().flatten()
}

/// Asks the person to agree, or sends the browser back to an application that needs no consent.
pub(in crate::sandbox) async fn signed_in(app: &App, challenge: String, identity_id: String) -> Response {
    /// The next secret: of a code, or of the consent.
    struct Asked {
        grant: Grant,
        client: OAuthClient,
        secret: String,
    }
    let asked = app.store.transaction(move |transaction| {
        let Some(grant) = find(transaction, &challenge, Phase::SignIn)? else { return Ok(None) };
        let Some(client) = clients::find(transaction, &grant.client_id)? else { return Ok(None) };
        sign_in(transaction, &grant.id, &identity_id)?;
        let phase = if client.skip_consent { Phase::Code } else { Phase::Consent };
        let secret = advance(transaction, &grant.id, phase)?;
        Ok(Some(Asked { grant, client, secret }))
    });
    match asked.await {
        Ok(Some(Asked { grant, client, secret })) if client.skip_consent => back::with_code(&grant, &secret),
        Ok(Some(Asked { grant, client, secret })) => consent_page(&grant, &client, &secret),
        Ok(None) => error_page(&OAuthError::too_late()),
        Err(failure) => error_page(&failure.into()),
    }
}
