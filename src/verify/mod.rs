//! Reads the target back and compares it, field by field, with what an import would send now.
//!
//! ```text
//! the target's list ──► all users there, by their ids at Clerk ─┐ on disk
//! read → map (as in an import) → 100 identities at a time → :batchGet → compare → one account
//!                   │                    └─ users found ──► sorted on disk, merged with the list ──► extra identities
//!                   └─ all ids, also those of rejects ──► on disk ──► extra identities that are in the export all the same
//! ```
//!
//! The id at Clerk identifies a user. A user with another external id than at the import is different, and neither missing
//! nor extra. If users are selected, the whole list would be too much to ask for; they are looked up by their id at Clerk, and by
//! their email address, username and phone number.
//!
//! The other kinds of a tenant are compared in the same way, one after the other. What the target calls the users and organizations
//! of a membership is in the lists that were read before.
//!
//! Memory is bounded as in an import.

mod account;
mod comparison;
mod extra;
mod listed_ids;
mod ownership;
mod present;
mod sign_in;
mod verification;

pub use account::{VerifyAccount, VerifyReport};
pub use comparison::{Compared, Comparison, ComparisonResult};
pub use listed_ids::ListedIds;
pub use ownership::Ownership;
pub use sign_in::{SignInAccount, SignInReport, TestAccount, TestAccounts, TestAccountsError, try_accounts};
pub use verification::{VerifyJob, run};
