//! An embedded Avnology ID on SQLite: the contract of [`crate::avnology`], served from the other side.
//!
//! It is a rehearsal target for people (with a page to try a migrated password) and the opponent of the end-to-end
//! tests, so it enforces what a real target would: keys and scopes, uniqueness, limits, validation, idempotency keys,
//! rate limits. It shares no code with the importer's validation, or a mistake there would be agreed with here.
//!
//! ```text
//! server     connections; faults before and after the call        (host, faults, compression, refusal)
//!   └─ routes    auth, rate limit, scope, body, dispatch          (rate_limit, sign_in)
//!        └─ identities   one transaction a call                   (request, validation, idempotency, filter)
//!             └─ store   SQLite                                   (schema)
//! ```

mod api_error;
mod app;
mod call;
mod compression;
mod email_key;
mod faults;
mod filter;
mod host;
mod idempotency;
mod identities;
mod options;
mod rate_limit;
mod refusal;
mod request;
mod routes;
mod server;
mod sign_in;
mod start;
mod store;
mod validation;

pub use faults::{Fault, Faults};
pub use options::{ApiKey, SandboxError, SandboxOptions};
pub use rate_limit::RateLimit;
pub(crate) use refusal::Refusal;
pub use server::RunningSandbox;
pub(crate) use server::{Site, serve_at};
pub use start::{start, start_for};
