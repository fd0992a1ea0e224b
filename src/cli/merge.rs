//! `avnology migrate clerk runs merge`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::OutputFormat;

/// `avnology migrate clerk runs merge`
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// Runs of shards, by their ids or directories. The program finds the other shards of the same import among the runs
    /// [default: the newest import in shards]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,

    /// Where runs are kept, and where the result is written [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,

    /// No summary; errors only
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    pub quiet: bool,
}
