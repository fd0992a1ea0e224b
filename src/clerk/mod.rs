//! What Clerk's data means. The types borrow from the bytes of a record.
//!
//! The fields are those of Clerk's Backend API (OpenAPI document of 2026-05-12), and those that exports of the Dashboard and
//! of Clerk's support add (`password_digest`, `password_hasher`, `totp_secret`, `backup_codes`, `verified`).

mod contact;
mod external_account;
mod few;
mod membership_list;
pub(crate) mod object;
mod organization;
mod presence;
mod row;
mod text;
mod time;
mod user;
mod verification;

pub use contact::{EmailAddress, PhoneNumber};
pub use external_account::ExternalAccount;
pub use membership_list::MembershipList;
pub use organization::{
    INVITATION_COLUMNS, Invitation, MEMBERSHIP_COLUMNS, MemberData, Membership, ORGANIZATION_COLUMNS, Organization,
};
pub use presence::{Presence, Secret};
pub use row::COLUMNS;
pub use text::Text;
pub use time::Time;
pub use user::{Raw, User};
pub use verification::Verification;
