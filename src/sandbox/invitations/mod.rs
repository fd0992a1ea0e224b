//! Invitations to organizations.

mod method;
mod perform;
mod table;

pub(super) use method::InvitationMethod;
pub(super) use perform::perform;
