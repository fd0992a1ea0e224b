//! What a target confirmed: which users it has, and what they were when it last confirmed them. With it a
//! nightly run over a fresh export sends only what changed, and counts the rest nearly as fast as it is read.
//!
//! ```text
//! <runs-dir>/known-users-<target>/0000000001.sorted   entries: hash of the external id (8 bytes), content hash (16)
//!                                 0000000002.sorted   … confirmed later, which wins
//!                                 sample.json         some of the users, with the target's ids for them
//!                                 updating            the run that may be changing users right now
//!                                 records             which records are these users (`crate::recognition`)
//! ```
//!
//! It only ever saves work. An entry is written after the target's answer is durable in the journal, so a crash loses
//! entries and never invents one; a user without an entry is sent and compared, as in the first run. What could make an
//! entry untrue is dealt with where it happens: undoing a run forgets the target as a whole, an update that was broken
//! off makes the next run forget it, and so does a shard, for shards go side by side and neither believe nor write any of
//! this; and before it is believed its sample is looked up at the target.

mod confirmed_record;
mod confirmed_users;
mod content_hash;
mod entry;
mod lookup;
#[cfg(test)]
mod tests;

pub use confirmed_record::ConfirmedRecord;
pub use confirmed_users::{CONFIRMED_USERS_PREFIX, ConfirmedUsers, SAMPLE_SIZE};
pub use content_hash::ContentHash;
pub use lookup::ConfirmedLookup;
