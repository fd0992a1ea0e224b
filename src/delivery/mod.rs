//! From batches of identities to what became of each of them at the target.
//!
//! ```text
//! batch (`batch`, `work`, with `room` in memory) ── N senders (`send`) ──► the target
//!        ▲                                             │ answer
//!        └── parts, the same again (`verdict`) ◄───────┤
//!                                                      └─► settled (`settlement`), after reading back (`reconcile`)
//! ```

mod batch;
mod blame;
mod exchange;
mod on_existing;
mod ready;
mod reconcile;
mod refusal;
mod room;
mod send;
mod settings;
mod settlement;
mod single;
mod verdict;
mod work;

pub use batch::BatchLimits;
pub(crate) use batch::{Item, MAX_PINNED, Packer};
pub use on_existing::OnExisting;
pub(crate) use ready::Ready;
pub(crate) use room::Room;
pub(crate) use send::Sender;
pub use settings::Delivery;
pub(crate) use settlement::REJECTED_TOGETHER;
pub(crate) use work::Work;
