//! One file or folder a command: settings in, exit status out. What several of them need is in `shared`.

mod apps;
#[cfg(feature = "codemod")]
pub mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "codemod/no_codemod.rs"]
pub mod codemod;
#[cfg(feature = "shell")]
pub mod completions;
#[cfg(not(feature = "shell"))]
#[path = "completions/no_completions.rs"]
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
#[path = "man/no_man.rs"]
pub mod man;
mod plan;
mod runs;
#[cfg(not(feature = "sandbox"))]
#[path = "sandbox/no_sandbox.rs"]
pub mod sandbox;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod shared;
mod tokens;
mod undo;
mod verify;
pub mod webhooks;

pub use apps::apps;
pub use apps::apps_error::AppsError;
pub use cutover::{CutoverError, check_cutover, cutover_status, record_cutover, report_cutover};
pub use doctor::doctor;
pub use dry_run::dry_run;
pub use export::export;
pub use export::export_command_error::ExportCommandError;
pub use help::help;
pub use import::import;
pub use plan::plan;
pub use plan::tenant_plan_error::TenantPlanError;
pub use runs::export::{RunExportError, export_run};
pub use runs::ids::{RunIdsError, print_run_ids};
pub use runs::merge::{MergeError, merge_runs};
pub use runs::recovery_error::RecoveryError;
pub use runs::recovery_links::make_recovery_links;
pub use runs::{RunsError, list_runs, prune_runs, show_run};
pub use shared::command_error::CommandError;
pub use shared::run_start_error::RunStartError;
pub use shared::terminal::memory_log::log_peak;
pub use tokens::tokens;
pub use undo::undo;
pub use undo::undo_error::UndoError;
pub use verify::sign_in::sign_in;
pub use verify::verify;
pub use webhooks::webhooks_error::WebhooksError;
