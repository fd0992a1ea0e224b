//! One file or folder a command: settings in, exit status out. What several of them need is in three folders:
//!
//! - `reading`: the inputs, from what was named to an intake of the pipeline, with the files that are joined to them;
//! - `target`: the destination, what is known of its ids, and of what an earlier run made there;
//! - `terminal`: what is asked and printed, and how a long command shows where it is.

mod apps;
#[cfg(feature = "codemod")]
pub mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "no_codemod.rs"]
pub mod codemod;
mod cutover;
mod doctor;
mod dry_run;
mod error;
mod export;
mod help;
mod import;
mod plan;
mod reading;
mod runs;
#[cfg(not(feature = "sandbox"))]
#[path = "no_sandbox.rs"]
pub mod sandbox;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(not(feature = "shell"))]
#[path = "no_shell.rs"]
pub mod shell;
#[cfg(feature = "shell")]
pub mod shell;
mod target;
mod terminal;
mod tokens;
mod undo;
mod verify;
pub mod webhooks;

pub use apps::apps;
pub use apps::error::AppsError;
pub use cutover::{CutoverError, check_cutover, cutover_status, record_cutover, report_cutover};
pub use doctor::doctor;
pub use dry_run::dry_run;
pub use error::CommandError;
pub use export::error::ExportCommandError;
pub use export::export;
pub use help::help;
pub use import::import;
pub use plan::error::TenantPlanError;
pub use plan::plan;
pub use reading::prepare_error::PrepareError;
pub use runs::export::{RunExportError, export_run};
pub use runs::ids::{RunIdsError, print_run_ids};
pub use runs::merge::{MergeError, merge_runs};
pub use runs::recovery_error::RecoveryError;
pub use runs::recovery_links::make_recovery_links;
pub use runs::{RunsError, list_runs, prune_runs, show_run};
pub use terminal::memory_log::log_peak;
pub use tokens::tokens;
pub use undo::error::UndoError;
pub use undo::undo;
pub use verify::sign_in::sign_in;
pub use verify::verify;
pub use webhooks::error::WebhooksError;
