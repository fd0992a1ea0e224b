//! What each command does: settings in, exit status out.
//!
//! `X.rs` is the command X, and what only X needs is in `X/` beside it: so it is at every depth, and this is the only `mod.rs`.
//! Where X has commands of its own, `X.rs` says which files those are. What several commands need is in `shared`. No command
//! reaches into the folder of another one; only `shared/command_error.rs` does, which gathers the errors they end with.
//!
//! - `import`: sends what an export has to a target; `dry_run` is its `--dry-run`
//! - `verify`: compares a target with an export, and tries to sign in
//! - `undo`: deletes what a run created, puts back what it removed, and enables whom it disabled
//! - `runs`: lists, shows, prunes, exports and merges what is kept of runs, and gives the ids at their target
//! - `export`: a tenant from Clerk's API into files
//! - `plan`: what of a tenant beside its users moves, and how
//! - `apps`: OAuth applications become clients
//! - `tokens`: token templates, claim by claim
//! - `webhooks`: endpoints of webhooks are planned, made, tried and undone
//! - `cutover`: the switch, what is checked before it and what persons say of it
//! - `codemod`: moves code that uses Clerk's libraries
//! - `doctor`: whether machine, settings and target are ready
//! - `sandbox`: serves an embedded Avnology ID, or a stand-in for Clerk's API
//! - `help`, `man`, `completions`: what can be typed, for people and shells
//!
//! `without_feature` has what stands in for a command in a build without its feature.

mod apps;
#[cfg(feature = "codemod")]
pub mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "without_feature/codemod.rs"]
pub mod codemod;
#[cfg(feature = "shell")]
pub mod completions;
#[cfg(not(feature = "shell"))]
#[path = "without_feature/completions.rs"]
pub mod completions;
mod cutover;
mod doctor;
mod dry_run;
mod export;
mod help;
mod import;
#[cfg(feature = "shell")]
pub mod man;
#[cfg(not(feature = "shell"))]
#[path = "without_feature/man.rs"]
pub mod man;
mod plan;
mod runs;
#[cfg(not(feature = "sandbox"))]
#[path = "without_feature/sandbox.rs"]
pub mod sandbox;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod shared;
mod tokens;
mod undo;
mod verify;
pub mod webhooks;

pub use apps::apps;
pub use apps::apps_command_error::AppsCommandError;
pub use cutover::{CutoverCommandError, check_cutover, cutover_status, record_cutover, report_cutover};
pub use doctor::doctor;
pub use dry_run::dry_run;
pub use export::export;
pub use help::help;
pub use import::import;
pub use plan::plan;
pub use runs::export::export_run;
pub use runs::export::recovery_error::RecoveryError;
pub use runs::export::recovery_links::make_recovery_links;
pub use runs::ids::{RunIdsError, print_run_ids};
pub use runs::merge::{MergeError, merge_runs};
pub use runs::{RunsError, list_runs, prune_runs, show_run};
pub use shared::command_error::CommandError;
pub use shared::export_command_error::ExportCommandError;
pub use shared::memory_log::log_peak;
pub use shared::results_list::ResultsListError;
pub use shared::run_start_error::RunStartError;
pub use shared::tenant_plan_error::TenantPlanError;
pub use tokens::tokens;
pub use undo::undo;
pub use undo::undo_error::UndoError;
pub use verify::sign_in::sign_in;
pub use verify::verify;
pub use webhooks::webhooks_command_error::WebhooksCommandError;
