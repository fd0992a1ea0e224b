//! The life of a record, stage by stage. Read it from top to bottom:
//!
//! ```text
//! mappers::start       worker threads, each of which does both of these:
//!   ├─ chunk_reader      one at a time: inputs to chunks of records, which take their places in a bounded queue
//!   └─ map::map_chunk    all at once: parse, map, validate, encode; a MapContext says what of that is wanted
//!        └─ in_order     what stands in the queue, in the order of the input
//! fill::batches        packs encoded identities by count and bytes
//!        └─ bounded channel
//!           delivery   N senders at one pace: HTTP, retries, partial retries
//! commit::Committer    one task: counters, rejects, progress, signals
//! ```
//!
//! Bounded channels and the memory budget of batches are the only backpressure. When the target is slow the senders are busy, so the
//! one waiting batch stays where it is, so nothing more is mapped or read. At any moment there are as many batches as there is room
//! for in memory, one more that waits, and `workers + 4` chunks between input and `fill`.
//!
//! A shard passes over the blocks of others (`shard_blocks`), and a nightly run over the records that are unchanged (`passed_over`).
//!
//! Stopping: the first signal (or a fatal error) ends reading and sending; requests under way are waited for, three
//! seconds at most. A second signal drops them at once. What was not confirmed by then counts as unfinished; the
//! same command resumes it, and sends what was under way once more under the same idempotency key.

mod chunk_mapping;
mod chunk_reader;
mod commit;
mod duplicates;
mod fill;
mod in_order;
mod job;
mod map;
mod map_context;
mod map_failure;
#[cfg(test)]
mod map_tests;
mod mapped_chunk;
mod mapped_identities;
mod mappers;
mod memory;
mod mode_parts;
mod passed_over;
mod run;
mod run_first_pass;
mod settled_on_the_way;
mod shard_blocks;
mod stop_tokens;
mod turn;
mod unchanged;
mod weighing;
mod write_event;

pub use job::{ConfirmedBefore, DryRun, ImportRun, Intake, Job, Mode, Ran, Sending};
pub use mapped_identities::{Extras, MappedGroup, MappedIdentity, map_inputs};
pub use memory::{MemoryBound, MemoryUsed, delivery_memory};
pub use run::run;
pub use run_first_pass::run_first_pass;
pub use shard_blocks::{BlockStarts, NotedStarts, ShardBlocks};
pub use unchanged::LookForUnchanged;
