//! `avnology migrate clerk verify`.

use clap::Args;

use super::{ClerkApiArguments, InputArguments, MappingArguments, RunOptions, SelectionArguments, TargetArguments};

/// `avnology migrate clerk verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// What is compared with the target.
    #[command(flatten)]
    pub inputs: InputArguments,

    /// Compare everything, and look for identities that are not in the export (the default). If users are selected, they
    /// alone are compared, and no other identity is looked for
    #[arg(long, conflicts_with_all = ["only", "condition", "sample", "skip", "limit"])]
    pub all: bool,

    /// Which users.
    #[command(flatten)]
    pub selection: SelectionArguments,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How Clerk's API is reached, if the records come from it.
    #[command(flatten)]
    pub clerk_api: ClerkApiArguments,

    /// How users were mapped, as in the import.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
