//! What a target calls those whom Clerk calls otherwise: ids at Clerk to ids at the target, of all that any run met there.
//!
//! ```text
//! <runs-dir>/ids-<target>/ids                 what is known of each, one behind the other (`record`)
//!                         0000000001.sorted   entries: hash of kind and id at Clerk (12 bytes), place in `ids` (8)
//!                         0000000002.sorted   … learned later, which wins
//!                         taken-in.json       up to where the journals of the runs were taken in
//!                         lock                held while somebody takes journals in
//! ```
//!
//! The truth is in the journals: what the target answers is durable there before it counts, with the ids of it, whether a record
//! was created, updated or there already ([`crate::journal::LearnedId`]). So the map is never behind what a run has done, however
//! that ended, and costs no write of its own while a run is under way: it is an index over journals, brought up to date when a run
//! begins or ends and when somebody reads it ([`IdMap::take_in`]).
//!
//! It belongs to the target and not to a run, for a run that sends nothing because all is as it was learns no id, and the steps
//! that follow need all of them. Who is in the memory of confirmed users is in this map: where that cannot be said, as of what earlier
//! versions did, [`IdMap::misses_some`] says so, and that memory has to be forgotten before it is believed. Then the target is asked about
//! everybody once. Where the map itself is damaged, it is forgotten with what the journals said up to then, and the same follows.
//!
//! Memory is bounded with any number of entries. What is looked up by many threads is an [`IdLookup`]; a `LookupCache` keeps what was
//! found last.

mod addition;
mod known_id;
mod lookup;
mod lookup_cache;
mod record;
mod runs_of_target;
mod segments;
mod taken_in;
mod target_map;
#[cfg(test)]
mod tests;

pub use known_id::KnownId;
pub use lookup::IdLookup;
pub(crate) use lookup_cache::LookupCache;
pub use taken_in::ID_MAP_PREFIX;
pub use target_map::IdMap;
