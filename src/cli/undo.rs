//! `avnology migrate clerk undo`.

use clap::Args;

use super::RunOptions;

/// `avnology migrate clerk undo`
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed")]
pub struct UndoArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// Do not ask before deleting; needed if there is no terminal
    #[arg(long)]
    pub yes: bool,

    /// Delete nothing: show how many identities would be deleted, how many of these have signed in, and how many were changed
    /// since and would be kept
    #[arg(long)]
    pub dry_run: bool,

    /// Also delete identities that somebody changed since the run created them, and organizations that have members or roles
    /// which the run did not make
    #[arg(long)]
    pub force: bool,

    /// Undo the run although nothing that it created is found at the target: it was deleted in another way
    #[arg(long)]
    pub even_if_gone: bool,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
