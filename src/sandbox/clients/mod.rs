//! OAuth clients: the applications that may send people here to sign in. No page of the target documents these methods; their
//! form is that of Ory Hydra, on which the target's OAuth part stands.

mod client;
mod fields;
mod method;
mod perform;
mod redirect_uri;
mod table;
mod validation;

pub(super) use client::OAuthClient;
pub(super) use method::ClientMethod;
pub(super) use perform::perform;
pub(super) use table::{find, has_secret};
