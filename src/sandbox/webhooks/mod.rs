//! Endpoints of webhooks, and what is delivered to them: only if the sandbox was asked to, and only on this machine.
//!
//! What happens to an identity is noted by triggers of the database, in the transaction in which it happens. `deliveries` beside
//! this folder sends it.

mod method;
mod perform;
mod schema;
mod table;

pub(super) use method::WebhookMethod;
pub(super) use perform::perform;
pub(super) use schema::prepare;
