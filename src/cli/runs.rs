//! `avnology migrate clerk runs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{MergeArguments, OutputFormat, PruneArguments, RunExportArguments, RunIdsArguments, ShowArguments};

/// `avnology migrate clerk runs`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArguments {
    /// What to do instead of listing them.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// What to do with several runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run in full: options, inputs, outcomes by code, places, and what to type next
    Show(ShowArguments),
    /// Remove old runs, or their files with personal data; what resume or undo needs stays unless it is given up
    Prune(PruneArguments),
    /// Make one account and one rejects file of all shards of an import
    Merge(MergeArguments),
    /// List what the target calls the users: ids at Clerk and ids at the target, of all users that any run met there
    Ids(RunIdsArguments),
    /// Print the JSON Schema of report.json
    Schema,
    /// List the records of a run, one a line: who, what became of them, their ids at Clerk and at the target
    Export(RunExportArguments),
}
