//! What Clerk's data means, borrowed from the bytes of a record.
//!
//! Field lists follow Clerk's Backend API (OpenAPI document of 2026-05-12) and the fields that dashboard and support
//! exports add (`password_digest`, `password_hasher`, `totp_secret`, `backup_codes`, `verified`).

pub(crate) mod object;
mod time;
mod user;

pub use object::Text;
pub use time::Time;
pub use user::{COLUMNS, EmailAddress, ExternalAccount, PhoneNumber, Presence, Raw, Secret, User, Verification};
