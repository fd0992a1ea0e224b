//! Members of organizations.

mod method;
mod perform;
mod stored;
mod table;

pub(super) use method::MemberMethod;
pub(super) use perform::perform;
pub(super) use table::{ROLES, is_member};
