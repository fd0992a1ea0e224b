//! An embedded Avnology ID on SQLite: the server's side of the contract in [`crate::avnology`].
//!
//! People rehearse a migration against it (it has a page to try a migrated password), and the end-to-end tests run against
//! it. So it enforces what a real target would: keys and scopes, uniqueness, limits, validation, idempotency keys, rate
//! limits. It shares no code with the importer's validation: a mistake there must not be a mistake here.
//!
//! ```text
//! server     connections; faults before and after the call        (host, faults, compression, refusal)
//!   └─ routes    auth, rate limit, scope, body, dispatch          (rate_limit, sign_in, sign_in_page, page)
//!        └─ identities   the methods, one transaction each       (request, validation, idempotency, batch, listing, filter)
//!             └─ store   SQLite                                   (identity_table, stored_identity, email_key)
//! ```

mod api_error;
mod app;
mod batch;
mod call;
mod compression;
mod email_key;
mod faults;
mod filter;
mod host;
mod idempotency;
mod identities;
mod identity_table;
mod listing;
mod options;
mod page;
mod rate_limit;
mod refusal;
mod request;
mod routes;
mod server;
mod sign_in;
mod sign_in_page;
mod start;
mod store;
mod stored_identity;
mod validation;

pub use faults::{Fault, Faults};
pub use options::{ApiKey, SandboxError, SandboxOptions};
pub use rate_limit::RateLimit;
pub(crate) use refusal::Refusal;
pub use server::RunningSandbox;
pub(crate) use server::{Site, serve_at};
pub use start::{start, start_for};
