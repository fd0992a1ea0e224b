//! Ory Keto: where the roles of members go when the users go to an Ory Kratos.
//!
//! Keto keeps relation tuples, `orgs:org_1#admin@<identity>`. Everything that depends on it is in this room. Three things about it
//! decide its shape:
//!
//! - **An insert is not idempotent.** The same tuple twice is stored twice. So what is there is read first, and only what is missing
//!   is inserted; where an answer was lost, it is read again before anything else is sent. A request is one transaction: all of it is
//!   there, or nothing (`apply`). Copies that came about all the same, because a request was carried out after it was given up, are
//!   taken away at the end.
//! - **A tuple says nothing about itself.** There is no room for the mark of a run, and no time. A run's own are those that it
//!   found missing and then inserted; a receipt in the same transaction says so if the answer never came (`receipts`). Which role somebody had before is known from the ids that earlier runs learned: where it became
//!   another one, both change in one transaction (`destination`).
//! - **A relation that the namespaces do not declare is taken, and fails every check.** So each relation is checked once before
//!   anything is granted with it (`relations`).
//!
//! A role is granted to an identity of the Kratos beside it, and only if that Kratos says now who it is ([`KetoCalls::beside`]).

mod answer;
mod apply;
mod create;
mod destination;
mod errors;
mod keto_calls;
mod lookup;
mod namespaces;
mod receipts;
mod relation_tuple;
mod relations;

pub use keto_calls::{KetoCalls, KetoTuples};
pub use namespaces::namespaces;
pub use relation_tuple::RelationTuple;

/// The most tuples of one request that inserts: a request that takes over ten seconds is cut off without an answer.
pub const MAX_BATCH_ITEMS: usize = 500;

/// How long one may take that deletes, which is slow.
const MAX_DELETES: usize = 50;
