//! What identities can be sent to, in no vendor's words.
//!
//! ```text
//!  delivery ── CreateRequest (a body in the destination's Envelope) ──► dyn Destination ──► a vendor's room, by crate::http
//!      ▲                                                                       │
//!      │         ItemResult for each item, or a FailedRequest: a Failure,      │
//!      └──────── whether it may have been applied, how long to wait ◄──────────┘
//! ```
//!
//! A vendor's room ([`crate::avnology`]) knows addresses, statuses and codes, and says what they mean in the words of this
//! room. `delivery` knows these words alone; it decides by them what is sent again, split, read back or rejected. Identities
//! that are read back are [`Comparable`] with what was sent, whichever form the answer had.
//!
//! # How another destination fits
//!
//! A sketch, of what is not built: Ory's open-source stack, of which Kratos keeps identities and Keto keeps role tuples.
//!
//! - **Kratos, many at once**: `envelope` is `{"identities":[`, `,`, `]}` with 200 items. `create` sends it by `PATCH`; the
//!   answer's `identities[]` come in the order of the request, each `create` or `error` with 400 or 409. Kratos 1.3 says
//!   "created" of identities that it then rolls back, if another item of the batch is a 409. So where an answer has a 409 in
//!   it, `create` reads the created ids back before it returns: those that are there are `Created`, the others are
//!   `ItemErrorKind::Transient`, so that the sender sends them once more, without the conflicting ones. No idempotency key
//!   exists, so [`CreateRequest::key`] is ignored; [`CreateRequest::sent_before`] with a 409 means the same as `Exists`, and
//!   the run's mark proves whose it is.
//! - **Which field is taken** is not said. `create` looks up the email address and the username, and sets
//!   [`ItemError::taken`].
//! - **Failures**: a 400 for all items is `Content`, so that the batch is halved; 500 is `Breakdown`, for some texts break
//!   the database; a connection that closes after 120 s is `Timeout`.
//! - **Checking**: nothing like `validate_only` exists, so `can_check` is false, and `answers_probe` lists one identity.
//! - **Reading back**: `find` asks for one external id at a time, several at once; `read_found` fills [`Comparable`] from
//!   `traits`, `metadata_public` and `metadata_admin`. `change` is a JSON patch.
//! - **Another kind: organizations.** `Envelope` and `create` get the kind of the record beside the body. `Comparable` is of
//!   identities; an organization has its own, with a name, a slug and metadata, so `find`, `change` and the two readers move
//!   into a trait of what can be compared. At Kratos no such thing exists: `create` answers `Invalid` with a sentence, and
//!   the record is rejected.
//! - **Another kind: role tuples.** Keto's `PATCH` takes inserts, but it stores the same tuple twice. So `create` reads the
//!   tuples of each object first and inserts what is missing; what was there is `Exists`, which counts as success.

mod catalogue;
mod change;
mod comparable;
mod contract;
mod create_request;
mod difference;
mod envelope;
mod failed_request;
mod field;
mod item_result;
pub(crate) mod json;
mod run_mark;
#[cfg(test)]
mod scripted;
mod sign_in_methods;
mod spelling;
mod target_error;

pub use catalogue::{Catalogue, Key, Listed};
pub use change::{Change, Changed};
pub use comparable::Comparable;
pub use contract::{Destination, Look};
pub use create_request::{CreateItem, CreateOutcome, CreateRequest, CreateResults};
pub use envelope::Envelope;
pub use failed_request::{FailedRequest, Failure, StopErrors};
pub use field::Field;
pub use item_result::{ItemError, ItemErrorKind, ItemResult};
pub use run_mark::RunMark;
#[cfg(test)]
pub(crate) use scripted::{Answer, Scripted};
pub(crate) use sign_in_methods::SignInMethods;
pub use target_error::TargetError;

/// How many identities are looked at together where nothing else bounds it.
pub const PAGE: usize = 100;
