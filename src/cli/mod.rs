//! What can be typed. Types and help texts only: no logic, no environment, no input or output.

mod migrate;
#[cfg(not(feature = "sandbox"))]
#[path = "no_sandbox.rs"]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox;

use clap::{Parser, Subcommand};

use crate::exit::ExitStatus;

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
    after_help = exit_codes(),
    max_term_width = 110,
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
