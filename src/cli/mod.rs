//! What can be typed. Types and help texts only: no logic, no environment, no input or output.

mod migrate;
mod sandbox;

use clap::{Args, Parser, Subcommand};

use crate::exit::ExitStatus;
use crate::manual::TOPICS;

pub use migrate::{
    ClerkArguments, ClerkCommand, ImportArguments, LogFormat, MappingArguments, MergeArguments, MigrateArguments,
    OutputFormat, ProgressStyle, Provider, ResumeArguments, RunOptions, RunsArguments, RunsCommand, TargetArguments,
    UndoArguments, VerifyArguments,
};
pub use sandbox::SandboxArguments;

/// The command line of `avnology`.
#[derive(Debug, Parser)]
#[command(
    name = "avnology",
    version,
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
}

/// `avnology help …`
#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A topic of the manual, or a command, as in `help migrate clerk`; the list of both if left out
    #[arg(value_name = "TOPIC|COMMAND")]
    pub words: Vec<String>,
}

/// The list of topics.
pub(crate) fn topics() -> String {
    let rows = TOPICS.iter().map(|topic| format!("\n  {:<10} {}", topic.names[0], topic.about));
    std::iter::once("Topics of the manual (avnology help TOPIC):".to_owned()).chain(rows).collect()
}

/// The table of exit codes, from the one enum that defines them.
pub(crate) fn exit_codes() -> String {
    let rows = ExitStatus::ALL.iter().map(|status| format!("\n  {:>3}  {}", status.code(), status.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(rows).collect()
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
