//! From batches of identities to what became of each of them at the target.
//!
//! ```text
//! batch (`batch`, `pending_batch`, within `memory_budget`) ── N senders (`send`) ──► the target
//!        ▲                                                       │ answer
//!        └── parts, the same again (`verdict`) ◄─────────────────┤
//!                                                                └─► settled (`settlement`), after reading back (`reconcile`)
//! ```

mod batch;
mod blame;
mod exchange;
mod memory_budget;
mod on_existing;
mod pending_batch;
mod ready;
mod reconcile;
mod refusal;
mod send;
mod settings;
mod settlement;
mod single;
mod verdict;

pub use batch::BatchLimits;
pub(crate) use batch::{Item, MAX_PINNED, Packer};
pub(crate) use memory_budget::MemoryBudget;
pub use on_existing::OnExisting;
pub(crate) use pending_batch::PendingBatch;
pub(crate) use ready::Ready;
pub(crate) use send::Sender;
pub use settings::Delivery;
pub(crate) use settlement::REJECTED_TOGETHER;
