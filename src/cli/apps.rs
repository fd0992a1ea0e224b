//! `avnology migrate clerk apps`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AvnologyTargetArguments, ObjectOptions, exit_codes};
use crate::http::BaseUrl;

pub(super) const LONG_ABOUT: &str = "\
Make the applications of a plan OAuth clients of the target.

`plan` says which client each application becomes, with its redirect URIs to the byte. `apply` makes these clients, each once; \
if it is broken off, the same command goes on, and if nothing has changed, it changes nothing. Clerk does not give its \
clients' secrets, so the target makes new ones: they go to the file that --secrets-out names, and nowhere else. `verify` \
compares, and `undo` deletes what `apply` made.

A target that has no methods for clients gets a list for its dashboard instead, with exit code 3.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  What would be done:
    avnology migrate clerk apps apply --plan tenant-plan.json --dry-run
  Make the clients; their secrets go to a file for you only:
    avnology migrate clerk apps apply --plan tenant-plan.json --secrets-out secrets.ndjson
  The same at an Ory Hydra:
    avnology migrate clerk apps apply --plan tenant-plan.json --secrets-out secrets.ndjson \\
        --target hydra --hydra-admin-url http://127.0.0.1:4445
  Compare, and name what else is there:
    avnology migrate clerk apps verify --plan tenant-plan.json

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk apps`
#[derive(Debug, Args)]
pub struct AppsArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: AppsCommand,
}

/// What to do with applications.
#[derive(Debug, Subcommand)]
pub enum AppsCommand {
    /// Make the applications of a plan clients of the target, each once
    Apply(Box<AppsApplyArguments>),
    /// Compare the clients of the target with a plan
    Verify(Box<AppsVerifyArguments>),
    /// Delete the clients that `apply` made at the target
    Undo(Box<AppsUndoArguments>),
}

/// `avnology migrate clerk apps apply`
#[derive(Debug, Args)]
pub struct AppsApplyArguments {
    /// The plan, as `plan` wrote it and a person completed it
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,

    /// Where the secrets of new clients go: a file that does not exist yet, for its owner only. The same command after a
    /// break-off goes on with it
    #[arg(long, value_name = "FILE")]
    pub secrets_out: Option<PathBuf>,

    /// Change nothing: say what would be done
    #[arg(long)]
    pub dry_run: bool,

    /// Also change clients that somebody changed since `apply` made them; and take a plan of a development instance to a live
    /// target
    #[arg(long)]
    pub force: bool,

    /// Which target.
    #[command(flatten)]
    pub target: AppsTargetArguments,

    /// How to run.
    #[command(flatten)]
    pub options: ObjectOptions,
}

/// `avnology migrate clerk apps verify`
#[derive(Debug, Args)]
pub struct AppsVerifyArguments {
    /// The plan, as `plan` wrote it and a person completed it
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,

    /// Which target.
    #[command(flatten)]
    pub target: AppsTargetArguments,

    /// How to run.
    #[command(flatten)]
    pub options: ObjectOptions,
}

/// `avnology migrate clerk apps undo`
#[derive(Debug, Args)]
pub struct AppsUndoArguments {
    /// Do not ask before deleting; needed if there is no terminal
    #[arg(long)]
    pub yes: bool,

    /// Delete nothing: say what would be deleted
    #[arg(long)]
    pub dry_run: bool,

    /// Also delete clients that somebody changed, or made anew under the same id, since `apply` made them
    #[arg(long)]
    pub force: bool,

    /// Which target.
    #[command(flatten)]
    pub target: AppsTargetArguments,

    /// How to run.
    #[command(flatten)]
    pub options: ObjectOptions,
}

/// Which target clients are made at.
#[derive(Clone, Debug, Args)]
pub struct AppsTargetArguments {
    /// An Avnology ID.
    #[command(flatten)]
    pub avnology: AvnologyTargetArguments,

    /// The admin address of Hydra, as in `http://127.0.0.1:4445`; needs `--target hydra`
    #[arg(long, value_name = "URL", help_heading = "Target", conflicts_with = "sandbox")]
    pub hydra_admin_url: Option<BaseUrl>,
}
