//! What Clerk's data means. The types borrow from the bytes of a record.
//!
//! The fields are those of Clerk's Backend API (OpenAPI document of 2026-05-12), and those that exports of the Dashboard and
//! of Clerk's support add (`password_digest`, `password_hasher`, `totp_secret`, `backup_codes`, `verified`).

pub(crate) mod object;
mod time;
mod user;

pub use object::Text;
pub use time::Time;
pub use user::{COLUMNS, EmailAddress, ExternalAccount, PhoneNumber, Presence, Raw, Secret, User, Verification};
