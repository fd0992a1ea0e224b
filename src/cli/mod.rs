//! What can be typed. Types and help texts only: no logic, no environment, no input or output.

#[cfg(feature = "codemod")]
mod codemod;
#[cfg(not(feature = "codemod"))]
#[path = "no_codemod.rs"]
mod codemod;
mod exit_codes;
mod help;
mod migrate;
#[cfg(not(feature = "sandbox"))]
#[path = "no_sandbox.rs"]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox;
mod values;

use clap::{Parser, Subcommand};

pub use codemod::CodemodArguments;
pub use help::HelpArguments;
pub(crate) use help::topics;
pub use migrate::{
    ClerkArguments, ClerkCommand, ImportArguments, MappingArguments, MergeArguments, MigrateArguments, OutputFormat,
    ProgressStyle, Provider, ResumeArguments, RunOptions, RunsArguments, RunsCommand, TargetArguments, UndoArguments,
    VerifyArguments,
};
pub use sandbox::SandboxArguments;

use exit_codes::exit_codes;

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_is_documented_and_nothing_clashes() {
        Cli::command().help_expected(true).debug_assert();
    }
}
