//! Clerk's Backend API, as far as an export needs it: lists that are read page by page, and single objects.
//!
//! The program sends GET and nothing else, and only to what [`ApiEndpoint`] names: nothing that changes a tenant or hands out
//! access (a secret, a link that signs somebody in) can be asked for, because there is no way to write such a request.
//! Names, limits and shapes are those of the API's own OpenAPI document, version [`API_VERSION`].

mod clerk_calls;
mod clerk_error;
mod clerk_key;
mod endpoint;
mod page;
mod refusal;
mod request;

pub use clerk_calls::{Answer, ClerkCalls, Requests};
pub use clerk_error::ClerkError;
pub use clerk_key::ClerkKeyKind;
pub use endpoint::ApiEndpoint;
pub use page::{ApiPage, ApiRecord, object, total_count};
pub use refusal::ApiRefusal;
pub use request::{PageRequest, Start};

/// The version of the API whose shapes the program knows, sent with each request.
pub const API_VERSION: &str = "2026-05-12";

/// The most records of a page, by the API's document.
pub const MAX_PAGE: usize = 500;

/// Where Clerk's Backend API is.
pub const DEFAULT_CLERK_URL: &str = "https://api.clerk.com";
