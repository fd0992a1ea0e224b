//! What an import would find at its target, from reading and asking alone: a dry run with `--check-target`.
//!
//! ```text
//! the target's list ──► its people: ids, ids at Clerk, addresses ──┐ on disk
//! read → map (as in an import) → who is that at the target? ◄──────┘
//!                                   ├─ there ──► read back and compared, as verify does
//!                                   ├─ somebody else has the id or an address ──► a reject
//!                                   └─ new ──► validate_only, as many at once as in an import
//! ```
//!
//! Its account is that of a dry run. What the target would refuse is among its rejects, under the codes of an import; a user who
//! is there already is counted in [`crate::outcomes::AtTarget`]. Nothing is created, changed or deleted. Memory is bounded as
//! in an import.

mod check;
mod findings;
mod home;
mod people;
mod rehearsing;

pub use check::CheckRules;
pub use findings::FindingsFile;
pub use home::Home;
pub use people::TargetPeople;
pub use rehearsing::{RehearsalJob, run};
