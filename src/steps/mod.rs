//! What a migration does, in which order: a list of steps, each one run of the pipeline over the inputs of one kind.
//!
//! ```text
//! users ──► organizations ──► memberships ──► role tuples ──► invitations
//! ```
//!
//! What a step needs of the ones before it are the ids that the target gave: they are in the [`crate::id_map`]. All steps belong to
//! one run: one directory, one journal, one list of inputs, in which those of a step stand together. A record of the run is known by
//! the index of its input, so the index says of which kind it is. Role tuples are read from the files of memberships, which are
//! listed once more for that.

mod migration_plan;
mod step;

pub use migration_plan::MigrationPlan;
pub use step::Step;
