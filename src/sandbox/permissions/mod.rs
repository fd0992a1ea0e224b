//! Permissions: tuples that say which subject has which relation to which object.

mod method;
mod perform;
mod permission_tuple;
mod table;

pub(super) use method::PermissionMethod;
pub(super) use perform::perform;
pub(super) use permission_tuple::PermissionTuple;
pub(super) use table::{grant, relations, revoke};
