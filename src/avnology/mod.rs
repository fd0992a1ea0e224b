//! The Avnology ID Admin API: what we send, what comes back, and what to do about it.
//!
//! Everything that depends on the vendor's contract lives here: the documented parts, and the assumptions where the
//! documentation is silent (batch methods). [`crate::http`] moves bytes, [`crate::pace`] waits; `destination` says in the words
//! of [`crate::destination`] what answers mean, and nobody above knows a status or a code.

mod admin_calls;
mod answer;
mod authorization;
mod batch_deletion;
mod client;
mod create;
mod destination;
mod error_body;
mod errors;
mod failed_request;
mod home_organization;
mod item_error;
mod key_kind;
mod lookup;
mod oauth_clients;
mod preflight;
mod probe;
mod public_documents;
mod read_identities;
mod records;
mod reply_meaning;
mod sign_ins;
mod validation;
mod webhook_calls;
mod wire_form;

/// Where a batch of identities is created.
const BATCH_CREATE: &str = "v1/identities:batchCreate";

/// Where a batch of identities is deleted.
const BATCH_DELETE: &str = "v1/identities:batchDelete";

pub use admin_calls::AdminCalls;
pub(crate) use answer::{batch_results, deleted, identity, updated};
pub use authorization::AuthorizationAnswer;
pub use client::Client;
pub use home_organization::{
    HomeOrganization, check_organization, delete_organization, ensure_organization, find_organization,
    need_organization,
};
pub use key_kind::KeyKind;
pub use oauth_clients::OAuthClients;
pub use preflight::{Capabilities, answers_probe_batch, preflight, preflight_reading};
pub use public_documents::PublicDocuments;
pub use read_identities::{read_by_external_id, read_list, read_one, read_sent};
pub use reply_meaning::{Meaning, meaning_of};
pub use sign_ins::AvnologySignIns;
pub use webhook_calls::{Registered, RegisteredWebhook, WebhookCalls};
pub use wire_form::{AvnologyForm, encode};

/// The most items in a batch: part 2 of the contract, after Kratos' batch of at most 1 000.
pub const MAX_BATCH_ITEMS: usize = 1_000;

/// The most identities of a `:batchGet` or a page of a list: part 2 of the contract, and the list's documentation.
pub const MAX_PAGE: usize = 100;

/// The largest request body in bytes: part 2 of the contract.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Where users go when nothing else is set: the API reference pages.
pub const DEFAULT_BASE_URL: &str = "https://api-id.avnology.net";
