//! From batches of identities to what became of each of them at the destination.
//!
//! ```text
//! batch (`batch`, `pending_batch`, within `memory_budget`) ── N senders (`senders`, `exchange`) ─► dyn Destination
//!        ▲                                                                                │
//!        ├── the same again, halves (`verdict`) ◄──────────────────────── a FailedRequest ┤
//!        └── some items again (`round`) ◄── results (`answered_batch`, `sorted_results`) ─┤
//!                                                                                         └─► settled (`settlement`), after
//!                                                                                             reading back (`reconcile`)
//! ```
//!
//! Where a batch is one item, plans are made durable before there are slots for their requests (`ahead`).
//!
//! The senders run on one thread, with their connections (`pipeline/run.rs`). What they report goes to the committer by way of
//! `outbox`, together.
//!
//! No vendor is known here: what answers mean is said in the words of [`crate::destination`].

mod ahead;
mod answered_batch;
mod batch;
mod blame;
#[cfg(test)]
mod decision_tree_for_tests;
mod exchange;
mod idempotency_key;
mod item;
mod memory_budget;
mod on_existing;
mod outbox;
mod pending_batch;
mod pieces;
mod ready;
mod reconcile;
mod refusal;
mod round;
mod sender_context;
#[cfg(test)]
mod sender_tests;
mod senders;
mod settlement;
mod sorted_results;
mod success_clock;
mod terms;
mod tries;
mod verdict;

pub use batch::BatchLimits;
pub(crate) use batch::{BatchPacker, MAX_PINNED};
pub(crate) use item::BatchItem;
pub(crate) use memory_budget::MemoryBudget;
pub use on_existing::OnExisting;
pub(crate) use pending_batch::PendingBatch;
pub(crate) use pieces::{Piece, Pieces};
pub(crate) use ready::Ready;
pub use refusal::{exists, external_id_taken, other_organization, refused_by, taken_by_another};
pub(crate) use senders::Senders;
pub use terms::DeliveryTerms;
