//! An embedded Avnology ID on SQLite: the server's side of the contract in [`crate::avnology`].
//!
//! People rehearse a migration against it (it has a page to try a migrated password), and the end-to-end tests run against
//! it. So it enforces what a real target would: keys and scopes, uniqueness, limits, validation, idempotency keys, rate
//! limits. It shares no code with the importer's validation: a mistake there must not be a mistake here.
//!
//! ```text
//! server     connections; faults before and after the call        (host, faults, compression)
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
mod request;
mod routes;
mod server;
mod sign_in;
mod store;
mod validation;

pub use faults::{Fault, Faults};
pub use options::{ApiKey, SandboxError, SandboxOptions};
pub use rate_limit::RateLimit;
pub use server::{RunningSandbox, start, start_for};
