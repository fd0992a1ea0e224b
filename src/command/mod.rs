//! One file a command: settings in, exit status out.

mod ask;
mod check_target;
#[cfg(feature = "codemod")]
pub mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "no_codemod.rs"]
pub mod codemod;
mod doctor;
mod dry_run;
mod export;
mod export_command_error;
mod export_records;
mod first_pass;
mod foreseen;
mod from_clerk;
mod help;
mod home_organization;
mod id_maps;
mod import;
mod import_error;
mod inputs;
mod intake;
mod known_identity;
mod memberships_of_users;
mod memory_log;
mod merge;
mod missing_users;
mod output;
mod passwords;
mod prepare_error;
mod progress;
mod recovery_error;
mod recovery_links;
mod rejected_people;
mod run_export;
mod run_ids;
mod runs;
#[cfg(not(feature = "sandbox"))]
#[path = "no_sandbox.rs"]
pub mod sandbox;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod selecting;
#[cfg(not(feature = "shell"))]
#[path = "no_shell.rs"]
pub mod shell;
#[cfg(feature = "shell")]
pub mod shell;
mod target;
mod tenant_plan;
mod tenant_plan_error;
mod tokens;
mod undo;
mod undo_error;
mod verified_run;
mod verify;
mod written_list;

pub use doctor::doctor;
pub use dry_run::dry_run;
pub use export::export;
pub use export_command_error::ExportCommandError;
pub use help::help;
pub use import::import;
pub use import_error::ImportError;
pub use merge::{MergeError, merge_runs};
pub use prepare_error::PrepareError;
pub use recovery_error::RecoveryError;
pub use recovery_links::make_recovery_links;
pub use run_export::{RunExportError, export_run};
pub use run_ids::{RunIdsError, print_run_ids};
pub use runs::{RunsError, list_runs, prune_runs, show_run};
pub use tenant_plan::plan;
pub use tenant_plan_error::TenantPlanError;
pub use tokens::tokens;
pub use undo::undo;
pub use undo_error::UndoError;
pub use verify::verify;
