//! Permissions: tuples that say which subject has which relation to which object.

mod method;
mod perform;
mod table;
mod tuple;

pub(super) use method::PermissionMethod;
pub(super) use perform::perform;
pub(super) use table::{grant, relations, revoke};
pub(super) use tuple::Tuple;
