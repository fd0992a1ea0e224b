//! What a migration does, in which order: a list of steps, each one run of the pipeline over the inputs of one kind.
//!
//! ```text
//! users ──► organizations ──► memberships ──► role tuples        (today: users)
//! ```
//!
//! What a step needs of the ones before it are the ids that the target gave: they are in the [`crate::id_map`]. A new kind is a
//! variant of [`crate::kind::Kind`], which says what it needs, and a [`crate::mapping::RecordMapper`]; neither the plan nor the
//! pipeline changes.

mod migration_plan;
mod step;

pub use migration_plan::MigrationPlan;
pub use step::Step;
