//! `avnology migrate clerk runs`, `runs show` and `runs prune`: what was run, how it stands, and what is kept of it.

pub(super) mod export;
pub(super) mod ids;
mod list;
mod listed_run;
pub(super) mod merge;
mod prune;
mod prune_rules;
pub(super) mod recovery_error;
pub(super) mod recovery_links;
mod runs_error;
mod show;

pub use list::list_runs;
pub(super) use listed_run::{RunRow, RunState};
pub use prune::prune_runs;
pub use runs_error::RunsError;
pub use show::show_run;
