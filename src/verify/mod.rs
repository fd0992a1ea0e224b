//! Reads the target back and compares it, field by field, with what mapping would send now.
//!
//! ```text
//! the target's list ──► who is there, by their ids at Clerk ─┐ on disk
//! read → map (as in an import) → 100 identities at a time → :batchGet → compare → one account
//!                   │                    └─ who was found ──► sorted on disk, merged with the list ──► extra identities
//!                   └─ all ids, also those of rejects ──► on disk ──► which of these are in the export all the same
//! ```
//!
//! Who somebody is says the id that they have at Clerk: a user with another external id than they were imported under is one
//! who differs, and neither missing nor extra. Of a sample the whole list would be too much to ask for; there they are looked
//! for under their id at Clerk, and by their address, username and number.
//!
//! Memory is bounded as in an import.

mod account;
mod comparison;
mod extra;
mod present;
mod sample;
mod verification;

pub use account::{Account, VerifyReport};
pub use sample::Sample;
pub use verification::{Verification, run};
