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
//! that are read back are [`Comparable`] with what was sent, in any form of the answer.
//!
//! # What two destinations have in common
//!
//! Avnology ID and Ory Kratos ([`crate::kratos`]) are as different as two identity servers get, and this is what is left:
//!
//! - A request has an [`Envelope`]; the form of an identity in it is a [`crate::mapping::WireForm`], which can also say beforehand
//!   that the destination could not take one.
//! - [`CreateRequest::key`] and [`CreateRequest::sent_before`] are hints. Kratos has no idempotency keys, and needs none: the
//!   run's mark on the identity itself proves whose it is.
//! - A result is what the room behind the seam has made sure of, and not what an answer said. Kratos' "created" beside a
//!   conflict is read back before it is one.
//! - Whether somebody changed an identity, the destination says: by two times, or by a digest that was kept with it.
//! - Which id is the key, whether only administrators can write it, and whether many can be asked for at once differ.
//!   [`Destination::at_once`] says the last; the others are nobody's business above the seam.

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
mod sign_ins;
mod spelling;
mod target_error;
mod validates;

pub use catalogue::{Catalogue, Key, Listed};
pub use change::{Change, Changed};
pub use comparable::Comparable;
pub use contract::{Destination, IsOne, Look};
pub use create_request::{CreateItem, CreateOutcome, CreateRequest, CreateResults};
pub use envelope::Envelope;
pub use failed_request::{FailedRequest, Failure, StopErrors};
pub use field::Field;
pub use item_result::{ItemError, ItemErrorKind, ItemResult};
pub use run_mark::RunMark;
#[cfg(test)]
pub(crate) use scripted::{Answer, Scripted};
pub(crate) use sign_in_methods::SignInMethods;
pub use sign_ins::{SignInAnswer, SignIns};
pub use target_error::TargetError;
pub use validates::Validates;

/// How many identities are looked at together where nothing else bounds it.
pub const PAGE: usize = 100;
