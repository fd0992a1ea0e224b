//! The Avnology ID Admin API: what we send, what comes back, and what to do about it.
//!
//! Everything that depends on the vendor's contract lives here: the documented parts, and the assumptions where the
//! documentation is silent (batch methods). `decision` decides, [`crate::pace`] waits,
//! [`crate::http`] moves bytes.

mod admin_calls;
mod answer;
mod catalogue;
mod client;
mod comparable;
mod credentials;
mod decision;
mod difference;
mod field;
mod json;
mod lookup;
mod preflight;
mod probe;
mod run_mark;
mod spelling;
mod target_error;

pub use admin_calls::{AdminCalls, Change};
pub use answer::{Changed, ErrorBody, ItemResult, batch_results, deleted, error_body, identity, updated};
pub use catalogue::{Catalogue, Listed};
pub use client::Client;
pub use comparable::Comparable;
pub use decision::{Decision, ItemDecision, decide, decide_item};
pub use field::Field;
pub use preflight::{Capabilities, answers_probe_batch, preflight, preflight_reading};
pub use run_mark::RunMark;
pub use target_error::TargetError;

/// The most items in a batch: part 2 of the contract, after Kratos' batch of at most 1 000.
pub const MAX_BATCH_ITEMS: usize = 1_000;

/// The most identities of a `:batchGet` or a page of a list: part 2 of the contract, and the list's documentation.
pub const MAX_PAGE: usize = 100;

/// The largest request body in bytes: part 2 of the contract.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Where users go when nothing else is set: the API reference pages.
pub const DEFAULT_BASE_URL: &str = "https://api-id.avnology.net";
