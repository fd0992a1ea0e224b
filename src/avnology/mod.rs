//! The Avnology ID Admin API: what we send, what comes back, and what to do about it.
//!
//! Everything that depends on the vendor's contract lives here: the documented parts, and the assumptions where the
//! documentation is silent (batch methods, rate-limit headers). `retry` decides, `pace` waits, `client` moves bytes.

mod admin_calls;
mod answer;
mod base_url;
mod body;
mod catalogue;
mod client;
mod comparable;
mod credentials;
mod cycle;
mod difference;
mod field;
mod json;
mod key;
mod lookup;
mod preflight;
mod probe;
mod proxy;
mod reply;
mod retry;
mod retry_until_answered;
mod run_mark;
mod shorten;
mod spelling;
mod target_error;
mod transport;

pub use admin_calls::{AdminCalls, Change};
pub use answer::{Changed, ErrorBody, ItemResult, batch_results, deleted, error_body, identity, updated};
pub use base_url::{BaseUrl, BaseUrlError};
pub use body::{AnswerHold, Body, memory_of_answers};
pub use catalogue::{Catalogue, Listed};
pub use client::{Client, ClientOptions, Timeouts};
pub use comparable::Comparable;
pub use field::Field;
pub use key::{KeyFault, KeySource, check_key};
pub use preflight::{Capabilities, answers_probe_batch, preflight, preflight_reading};
pub use proxy::{Proxy, ProxyAddressError, ProxyFault, check_proxy};
pub use reply::Reply;
pub use retry::{Backoff, Decision, ItemDecision, ReplyOutcome, RetryBudget, TlsFault, Transport, decide, decide_item};
pub use retry_until_answered::{retry_until_answered, retry_while};
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
