//! `avnology migrate clerk runs` and what is below it: what was run and how it stands (`list`, `show`), what is kept of it (`prune`),
//! what became of its records (`export`), what their ids are at the target (`ids`), and one account of all shards (`merge`).

pub(super) mod export;
pub(super) mod ids;
mod list;
pub(super) mod merge;
mod prune;
mod runs_error;
mod show;

pub use list::list_runs;
pub use prune::prune_runs;
pub use runs_error::RunsError;
pub use show::show_run;
