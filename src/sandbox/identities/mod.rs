//! Identities, the users of the target.
//!
//! `email_key` is the form in which two addresses are the same. `validation` is deliberately written apart from the importer's
//! rules.

mod batch;
mod email_key;
mod listing;
mod method;
mod perform;
mod request;
mod stored;
mod table;
mod validation;

pub(super) use email_key::{email_key, ensure as ensure_email_keys};
pub(super) use method::IdentityMethod;
pub(super) use perform::perform;
pub(super) use table::exists;
pub(super) use validation::is_email;
