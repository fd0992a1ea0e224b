//! Whether a target begins a sign-in for a client, as the browser of a user asks for it.

use std::time::Duration;

use url::Url;

use super::Client;
use super::errors::refused;
use super::probe::budget;
use crate::destination::TargetError;
use crate::http::ReplyOutcome;

/// A challenge of PKCE (S256), from RFC 7636. Nobody redeems a code by it.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What a target makes of a request to sign somebody in for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationAnswer {
    /// It has no such method.
    NoMethod,
    /// The user comes to its sign-in page.
    SignIn,
    /// The user is sent back to the address that was named, with this error.
    Back(String),
    /// It refuses with this status, and sends the user nowhere.
    Refused(u16),
}

impl AuthorizationAnswer {
    /// Asks for a code, as `/oauth2/auth` is documented. Nobody signs in.
    ///
    /// # Errors
    /// If the target does not answer within `patience`.
    pub async fn to(
        client: &Client,
        patience: Duration,
        client_id: &str,
        redirect_uri: &str,
    ) -> Result<Self, TargetError> {
        let query = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid"),
            ("state", "avnology-migrate-cutover"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let reply = client.until_answered(&budget(patience), || client.authorize(&query), |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_no_method() => Ok(Self::NoMethod),
            ReplyOutcome::Answered { status: 200..=299 } => Ok(Self::SignIn),
            ReplyOutcome::Answered { status: status @ 300..=399 } => {
                Ok(reply.location.map_or(Self::Refused(status), |location| Self::of_redirect(&location, redirect_uri)))
            }
            ReplyOutcome::Answered { status: status @ (400 | 401 | 403 | 406..=499) } => Ok(Self::Refused(status)),
            _ => Err(refused(client.base_url(), &reply)),
        }
    }

    fn of_redirect(location: &Url, redirect_uri: &str) -> Self {
        if !location.as_str().starts_with(redirect_uri) {
            return Self::SignIn;
        }
        let error = location.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| error.into_owned());
        let is_shown =
            |error: &String| error.len() <= 40 && error.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        Self::Back(error.filter(is_shown).unwrap_or_else(|| "an error".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_back_is_told_from_one_to_the_sign_in_page() {
        let of = |location: &str| {
            AuthorizationAnswer::of_redirect(&location.parse().expect("a URL"), "https://app.example.com/callback")
        };
        assert_eq!(of("https://id.example.com/sign-in?login_challenge=1"), AuthorizationAnswer::SignIn);
        let back = |error: &str| AuthorizationAnswer::Back(error.to_owned());
        assert_eq!(of("https://app.example.com/callback?error=invalid_scope&state=1"), back("invalid_scope"));
        assert_eq!(of("https://app.example.com/callback?error=%3Cb%3E"), back("an error"));
    }
}
