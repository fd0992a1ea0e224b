//! The errors of OAuth, in the form of RFC 6749, 5.2.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::sandbox::api_error::ApiError;
use crate::sandbox::app::json;

/// An error. Its description never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    status: StatusCode,
    pub code: &'static str,
    pub description: &'static str,
    /// How the caller can show who it is, if that was the fault.
    challenge: Option<&'static str>,
}

impl OAuthError {
    /// 400 with a code of RFC 6749.
    pub(super) const fn new(code: &'static str, description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, description, challenge: None }
    }

    pub(super) const fn request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) const fn grant(description: &'static str) -> Self {
        Self::new("invalid_grant", description)
    }

    /// Somebody waited too long, or came back to a page that is over.
    pub(super) const fn too_late() -> Self {
        Self::request("this sign-in is over: it took more than ten minutes, or was finished already")
    }

    /// 429: too many requests. No page of the target says which code it has for that.
    pub(super) const fn too_often() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            ..Self::new("temporarily_unavailable", "too many requests; wait as long as Retry-After says")
        }
    }

    /// 401: nobody knows this client, or it did not prove that it is the one.
    pub(super) const fn client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some("Basic realm=\"oauth2\""),
            ..Self::new("invalid_client", "the client is unknown, or did not authenticate as it is registered")
        }
    }

    /// 401: the bearer of an access token is not known.
    pub(super) const fn token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some("Bearer error=\"invalid_token\""),
            ..Self::new("invalid_token", "the access token is unknown or has expired")
        }
    }

    /// 403: an access token is good for something else.
    pub(super) const fn scope() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            challenge: Some("Bearer error=\"insufficient_scope\", scope=\"openid\""),
            ..Self::new("insufficient_scope", "the access token lacks the scope openid")
        }
    }

    /// The answer to a program.
    pub(super) fn response(&self) -> Response {
        #[derive(Serialize)]
        struct ErrorBody {
            error: &'static str,
            error_description: &'static str,
        }
        let body = ErrorBody { error: self.code, error_description: self.description };
        let mut response = private_json(self.status, &body);
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl From<ApiError> for OAuthError {
    fn from(_: ApiError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new("server_error", "the sandbox failed") }
    }
}

impl From<rusqlite::Error> for OAuthError {
    fn from(error: rusqlite::Error) -> Self {
        ApiError::from(error).into()
    }
}

/// An answer that nobody may keep.
pub(super) fn private_json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = json(status, serde_json::to_vec(body).unwrap_or_default());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
