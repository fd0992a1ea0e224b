//! A stand-in for Clerk's Backend API on SQLite: an export, served as the OpenAPI document of 2026-05-12 says.
//!
//! With it an export and the import of it can be rehearsed without a Clerk account, and tested without a network. Every record
//! is sent as it is in the export, to the byte. A request with a parameter that the document does not have is an error, so
//! that no caller gets used to one. Users come, change and go by the documented methods, and any record by `/sandbox/…`.
//!
//! ```text
//! crate::sandbox   connections; faults before and after the call
//!   └─ service     key, rate limit, dispatch                        (operation, rate_window, failed_call)
//!        ├─ page   the lists that the document has                  (documented, list, query, selection, order)
//!        └─ users  the methods that write                           (object)
//!             └─ store   SQLite, a table a kind                     (kind, record, schema; filled by load, export_file, zstd_frames)
//! ```
//!
//! What the document leaves open, and how it is here: `starting_after` with the id of a user who is gone is 422. The limit
//! counts the requests of the last ten seconds, and those that were refused do not count. `limit` over 500 is 422. Lists with
//! `paginated` are bare arrays with and without it. Nothing checks that addresses of users are unique.

mod documented;
mod export_file;
mod failed_call;
mod kind;
mod list;
mod load;
mod object;
mod operation;
mod order;
mod page;
mod query;
mod rate_window;
mod record;
mod schema;
mod selection;
mod service;
mod start;
mod store;
mod users;
mod zstd_frames;

pub use start::{ClerkSandboxOptions, RateOfKey, start};
