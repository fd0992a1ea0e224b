//! Organizations.

mod method;
mod perform;
mod request;
mod stored;
mod table;
mod validation;

pub(super) use method::OrganizationMethod;
pub(super) use perform::perform;
pub(super) use table::{exists, need};
