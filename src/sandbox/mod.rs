//! An embedded Avnology ID on SQLite: the server's side of the contract in [`crate::avnology`].
//!
//! People rehearse a migration against it (it has a page to try a migrated password), and the end-to-end tests run against
//! it. So it enforces what a real target would: keys and scopes, uniqueness, limits, validation, idempotency keys, rate
//! limits. It shares no code with the importer's validation: a mistake there must not be a mistake here.
//!
//! ```text
//! server     connections; faults before and after the call        (host, faults, compression, refusal)
//!   └─ routes    auth, rate limit, scope, body, dispatch          (rate_limit, sign_in, sign_in_page, belonging, page)
//!        └─ perform   one transaction for each call              (call, path, idempotency)
//!             └─ identities, organizations, members, invitations, permissions, clients, webhooks: each its methods, rules and table
//!                  └─ store   SQLite                              (body, batch, list_page, filter, assignments, secret)
//! ```
//!
//! Applications sign people in beside that: `oauth`.

mod api_error;
mod app;
mod assignments;
mod batch;
mod belonging;
mod body;
mod call;
mod clients;
mod clock;
mod compression;
mod faults;
mod filter;
mod host;
mod idempotency;
mod identities;
mod invitations;
mod list_page;
mod members;
mod oauth;
mod options;
mod organizations;
mod page;
mod path;
mod perform;
mod permissions;
mod rate_limit;
mod refusal;
mod routes;
mod secret;
mod server;
mod sign_in;
mod sign_in_page;
mod start;
mod store;
mod webhook_deliveries;
mod webhooks;

pub use faults::{Fault, Faults};
pub use options::{ApiKey, SandboxError, SandboxOptions};
pub use rate_limit::RateLimit;
pub(crate) use refusal::Refusal;
pub use server::RunningSandbox;
pub(crate) use server::{Site, serve_at};
pub use start::{start, start_for};
