//! `avnology migrate clerk --import`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{ClerkApiArguments, InputArguments, MappingArguments, RunOptions, SelectionArguments, TargetArguments};
use crate::delivery::OnExisting;
use crate::missing::OnMissing;
use crate::source::ShardChoice;

/// The most users or memberships in percent who may be missing from an export, if nothing else was typed.
pub const MAX_MISSING: u8 = 5;

/// `avnology migrate clerk --import …`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct ImportArguments {
    /// What is read.
    #[command(flatten)]
    pub inputs: InputArguments,

    /// Import only part I of N, as in `2/3`, at 1/N of the rate. Other processes import the other parts, and `runs merge`
    /// makes one account of all. `auto` asks the engine: a Kubernetes Indexed Job (with `AVNOLOGY_SHARDS`), a Slurm array,
    /// an AWS Batch array or Cloud Run tasks
    #[arg(long, value_name = "I/N")]
    pub shard: Option<ShardChoice>,

    /// Read, map and check everything, send nothing, and show the first identities
    #[arg(long)]
    pub dry_run: bool,

    /// In a dry run, also look at the target: who is there already, who differs and in what, whose address another identity
    /// has, and whom the target itself would refuse. It only reads, and asks the target to check without creating anybody
    #[arg(long, requires = "dry_run")]
    pub check_target: bool,

    /// Write the users whom --check-target found to differ or to be refused to this file, one JSON object a line
    #[arg(long, value_name = "FILE", requires = "check_target", help_heading = "Output")]
    pub findings: Option<PathBuf>,

    /// Which users.
    #[command(flatten)]
    pub selection: SelectionArguments,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How Clerk's API is reached, if the users come from it.
    #[command(flatten)]
    pub clerk_api: ClerkApiArguments,

    /// How users are mapped.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// Make the organization of --organization if there is none of that name
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub create_organization: bool,

    /// What to do with a user who is at the target already
    #[arg(long, value_name = "RULE", default_value = "skip", help_heading = "Mapping")]
    pub on_existing: OnExisting,

    /// What to do about users and memberships that earlier runs of the same files created, and that are no longer in them. Not for a
    /// selection, a shard or a pipe [default: nobody looks for them]
    #[arg(long, value_name = "RULE", help_heading = "Mapping")]
    pub on_missing: Option<OnMissing>,

    /// Send nothing, and end with exit code 5, if --on-missing disable or remove would be about more than N percent of the users or
    /// memberships that earlier runs created
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100), default_value_t = MAX_MISSING)]
    #[arg(help_heading = "Mapping")]
    pub max_missing: u8,

    /// Ask the target about every user, even if it confirmed the user in an earlier run
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub recheck: bool,

    /// How many identities a dry run shows, with password hashes masked [default: 3]
    #[arg(long, value_name = "N", requires = "dry_run", help_heading = "Output")]
    pub preview: Option<usize>,

    /// Also write what became of each record to this file, which only you can read: a CSV, or JSON lines if its name ends in
    /// .ndjson. `runs export` writes the same list later
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", help_heading = "Output")]
    pub results: Option<PathBuf>,

    /// Begin a new run, even if there is an interrupted one over the same input and target
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Output")]
    pub new_run: bool,

    /// Do not ask before the first import into a target; without a terminal nobody is asked
    #[arg(long)]
    pub yes: bool,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
