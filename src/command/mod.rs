//! One file a command: settings in, exit status out.

mod apps;
mod apps_error;
mod ask;
mod ask_accounts;
mod check_target;
#[cfg(feature = "codemod")]
pub mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "no_codemod.rs"]
pub mod codemod;
mod cutover;
mod doctor;
mod dry_run;
mod earlier_identity;
mod earlier_membership;
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
mod in_background;
mod input_ids;
mod inputs;
mod intake;
mod joined;
mod memberships_of_users;
mod memory_log;
mod merge;
mod missing_users;
mod named_people;
mod output;
mod passwords;
mod prepare_error;
mod progress;
mod recently_sought;
mod recovery_error;
mod recovery_links;
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
mod sign_in;
mod target;
mod tenant_plan;
mod tenant_plan_error;
mod tokens;
mod undo;
mod undo_error;
mod verified_run;
mod verify;
pub mod webhooks;
mod webhooks_error;
mod written_list;

pub use apps::apps;
pub use apps_error::AppsError;
pub use cutover::{CutoverError, check_cutover, cutover_status, record_cutover, report_cutover};
pub use doctor::doctor;
pub use dry_run::dry_run;
pub use export::export;
pub use export_command_error::ExportCommandError;
pub use help::help;
pub use import::import;
pub use import_error::ImportError;
pub use memory_log::log_peak;
pub use merge::{MergeError, merge_runs};
pub use prepare_error::PrepareError;
pub use recovery_error::RecoveryError;
pub use recovery_links::make_recovery_links;
pub use run_export::{RunExportError, export_run};
pub use run_ids::{RunIdsError, print_run_ids};
pub use runs::{RunsError, list_runs, prune_runs, show_run};
pub use sign_in::sign_in;
pub use tenant_plan::plan;
pub use tenant_plan_error::TenantPlanError;
pub use tokens::tokens;
pub use undo::undo;
pub use undo_error::UndoError;
pub use verify::verify;
pub use webhooks_error::WebhooksError;
