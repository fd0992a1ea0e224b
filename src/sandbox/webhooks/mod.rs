//! Endpoints of webhooks, and what is delivered to them: only if the sandbox was asked to, and only on this machine.
//!
//! What happens to an identity is noted by triggers of the database, in the transaction in which it happens. Signatures are made
//! apart from the importer's own code: a mistake there must not be a mistake here.

mod deliveries;
mod method;
mod perform;
mod schema;
mod table;

pub(super) use deliveries::Deliveries;
pub(super) use method::WebhookMethod;
pub(super) use perform::perform;
pub(super) use schema::prepare;
