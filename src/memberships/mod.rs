//! The organizations of users, out of files of memberships and of organizations, for a target that has a place for them only with
//! their members.
//!
//! ```text
//! memberships ── one pass ──► user's id → organization, role   (TextMap) ──┐
//! organizations ── one pass ──► id → name, slug                (TextMap) ──┴─► Memberships ── join ──► mapping::Joined
//! ```
//!
//! Only the files on disk grow with the number of memberships, and they are gone with the process. Memberships that stand inside a
//! user are read when the user is. While the users are gone through for the first time it is kept account of the memberships
//! whose user is among them ([`MembershipsReport`]).

mod builder;
mod report;
mod table;

pub use report::MembershipsReport;
pub use table::{Memberships, MembershipsError};
