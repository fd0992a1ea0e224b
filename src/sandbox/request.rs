//! The bodies that callers send. They borrow from the bytes of the request, so that metadata is stored byte for byte.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::api_error::ApiError;

/// A body of `POST /v1/identities`, and one item of a batch.
#[derive(Debug, Deserialize)]
pub(super) struct CreateRequest<'a> {
    #[serde(borrow)]
    pub identity: IdentityFields<'a>,
    #[serde(default, borrow)]
    pub initial_password: Option<Cow<'a, str>>,
    #[serde(default)]
    pub validate_only: bool,
}

/// A body of `:batchCreate` and `:batchUpdate`. Each item is parsed by itself, so that a malformed item is one error.
#[derive(Debug, Deserialize)]
pub(super) struct BatchRequest<'a> {
    #[serde(borrow)]
    pub requests: Vec<&'a RawValue>,
    #[serde(default)]
    pub validate_only: bool,
}

/// A body of `PATCH`, and one item of `:batchUpdate`, which names its identity.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateRequest<'a> {
    #[serde(default, borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub identity: IdentityFields<'a>,
    #[serde(borrow)]
    pub update_mask: Cow<'a, str>,
}

/// A body of `:batchDelete`.
#[derive(Debug, Deserialize)]
pub(super) struct DeleteRequest {
    pub ids: Vec<String>,
}

/// The fields of an identity. Unknown fields are ignored, as in the public API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IdentityFields<'a> {
    #[serde(borrow)]
    pub external_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub email: Option<Cow<'a, str>>,
    pub email_verified: bool,
    #[serde(borrow)]
    pub username: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub first_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub last_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub display_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub phone: Option<Cow<'a, str>>,
    pub phone_verified: bool,
    #[serde(borrow)]
    pub organization_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub locale: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub timezone: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub traits: Option<&'a RawValue>,
    #[serde(borrow)]
    pub admin_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub credentials: Option<SentCredentials<'a>>,
}

/// The ways in which the user signs in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SentCredentials<'a> {
    #[serde(borrow)]
    pub password: Option<Configured<PasswordConfig<'a>>>,
    #[serde(borrow)]
    pub oidc: Option<Configured<&'a RawValue>>,
}

/// `{"config": …}`.
#[derive(Debug, Deserialize)]
pub(super) struct Configured<T> {
    pub config: T,
}

/// The configuration of a password.
#[derive(Debug, Deserialize)]
pub(super) struct PasswordConfig<'a> {
    #[serde(borrow)]
    pub hashed_password: Cow<'a, str>,
}

/// Reads a body, or one item of a body.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiError::validation("the body is not UTF-8"))?;
    // serde's message would repeat what the caller sent, so only the kind of fault and its place are reported.
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::validation(format!("the body is malformed ({:?}, line {line}, column {column})", error.classify()))
    })
}

/// Refuses a request with more items than the limit.
pub(super) fn at_most(items: usize, limit: usize) -> Result<(), ApiError> {
    if items > limit {
        return Err(ApiError::validation(format!("at most {limit} items at a time")));
    }
    Ok(())
}
