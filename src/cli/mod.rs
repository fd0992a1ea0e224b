//! What can be typed. Types and help texts only: no logic, no environment, no input or output.

mod apps;
mod clerk;
mod clerk_api;
#[cfg(feature = "codemod")]
mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "without_feature/codemod.rs"]
mod codemod;
mod completions;
mod connection_options;
mod cutover;
mod doctor;
mod exit_codes;
mod export;
mod help;
mod import;
mod inputs;
mod job_options;
mod man;
mod mapping;
mod merge;
mod migrate;
mod object_options;
mod options;
mod organization_name;
mod output;
mod output_options;
mod plan;
mod prune;
mod rate_options;
mod resume;
mod run_export;
mod run_ids;
mod run_options;
mod runs;
#[cfg(not(feature = "sandbox"))]
#[path = "without_feature/sandbox.rs"]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox;
mod selection;
mod show;
#[cfg(test)]
mod shown_commands;
mod target;
mod tokens;
mod undo;
mod values;
mod variables;
mod verify;
mod webhooks;

use clap::{Parser, Subcommand};

pub use apps::{
    AppsApplyArguments, AppsArguments, AppsCommand, AppsTargetArguments, AppsUndoArguments, AppsVerifyArguments,
};
pub use clerk::{CODEMOD, ClerkArguments, ClerkCommand};
pub use clerk_api::ClerkApiArguments;
pub use codemod::CodemodArguments;
pub use completions::{CompletionsArguments, Shell};
pub use connection_options::ConnectionOptions;
pub use cutover::{
    CutoverArguments, CutoverCheckArguments, CutoverCommand, CutoverOptions, CutoverRecordArguments,
    CutoverReportArguments, CutoverStatusArguments,
};
pub use doctor::{DOCTOR, DoctorArguments};
pub use export::ExportArguments;
pub use help::HelpArguments;
pub(crate) use help::topics;
pub use import::{ImportArguments, MAX_MISSING};
pub use inputs::InputArguments;
pub use job_options::JobOptions;
pub use man::ManArguments;
pub use mapping::MappingArguments;
pub use merge::MergeArguments;
pub use migrate::{MigrateArguments, Provider};
pub use object_options::ObjectOptions;
pub use options::{BASE_URL, CACERT, CLERK_URL, CONCURRENCY, NOTIFY_URL, OPTIONS, OptionRow, RATE, RUNS_DIR};
pub use organization_name::OrganizationName;
pub use output::{OutputFormat, ProgressStyle};
pub use output_options::OutputOptions;
pub use plan::PlanArguments;
pub use prune::PruneArguments;
pub use rate_options::RateOptions;
pub use resume::ResumeArguments;
pub use run_export::RunExportArguments;
pub use run_ids::RunIdsArguments;
pub use run_options::RunOptions;
pub use runs::{RunsArguments, RunsCommand};
pub use sandbox::SandboxArguments;
pub use selection::SelectionArguments;
pub use show::ShowArguments;
pub use target::{AvnologyTargetArguments, KratosOrganizations, TargetArguments, TargetKind};
pub use tokens::TokensArguments;
pub use undo::UndoArguments;
pub use variables::{
    CLERK_SECRET_KEY, CLERK_SECRET_KEY_FILE, HYDRA_TOKEN, HYDRA_TOKEN_FILE, KRATOS_TOKEN, KRATOS_TOKEN_FILE,
    SECRET_KEY, SECRET_KEY_FILE, SHARDS,
};
pub use verify::VerifyArguments;
pub use webhooks::{
    KeyForm, PlannedWebhooksArguments, SchemeName, SecretFileArguments, TryArguments, VerifySignatureArguments,
    WebhooksActivateArguments, WebhooksApplyArguments, WebhooksArguments, WebhooksCommand, WebhooksPlanArguments,
    WebhooksTargetArguments, WebhooksUndoArguments, WebhooksVerifyArguments,
};

use exit_codes::exit_codes;
use variables::variables;

use crate::version::LONG_VERSION;

/// The command line of `avnology`.
#[derive(Debug, Parser)]
#[command(
    name = "avnology",
    version,
    long_version = LONG_VERSION,
    about = "Moves an enterprise off Clerk and onto Avnology ID",
    after_help = format!("{}\n\n{}", topics(), exit_codes()),
    max_term_width = 110,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Move users from another identity provider to Avnology ID
    Migrate(MigrateArguments),
    /// Serve an embedded Avnology ID on this machine, to rehearse against
    Sandbox(SandboxArguments),
    /// Print a page of the manual, or the help of a command
    Help(HelpArguments),
    /// Look whether this machine, its settings and the target are ready, and say what to do if not
    Doctor(Box<DoctorArguments>),
    /// Print a script that makes a shell complete what is typed
    Completions(CompletionsArguments),
    /// Print the man page of a command, or write those of all commands
    Man(ManArguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_is_documented_and_nothing_clashes() {
        Cli::command().help_expected(true).debug_assert();
    }
}
