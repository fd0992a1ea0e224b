//! What callers say about an identity.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A body of `POST /v1/identities`, and one item of a batch.
#[derive(Debug, Deserialize)]
pub(super) struct CreateIdentity<'a> {
    #[serde(borrow)]
    pub identity: IdentityFields<'a>,
    #[serde(default, borrow)]
    pub initial_password: Option<Cow<'a, str>>,
    #[serde(default)]
    pub validate_only: bool,
}

/// A body of `PATCH`, and one item of `:batchUpdate`, which names its identity.
#[derive(Debug, Deserialize)]
pub(super) struct UpdateIdentity<'a> {
    #[serde(default, borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub identity: IdentityFields<'a>,
    #[serde(borrow)]
    pub update_mask: Cow<'a, str>,
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
