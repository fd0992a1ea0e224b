//! How to run: options of every command that takes a while.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{ConnectionOptions, OutputOptions, RateOptions};
use crate::avnology::{MAX_BATCH_ITEMS, MAX_BODY_BYTES};
use crate::pace::ConcurrencyRules;

/// How to run.
#[derive(Clone, Debug, Default, Args)]
pub struct RunOptions {
    /// How fast.
    #[command(flatten)]
    pub rate: RateOptions,

    /// How many requests may be in flight; `auto` adapts to how long answers take [default: auto]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub concurrency: Option<ConcurrencyRules>,

    /// The most users in one request, up to 1000 [default: 500]
    #[arg(long, value_name = "N", value_parser = batch_size, help_heading = "Target")]
    pub batch_size: Option<usize>,

    /// The most bytes in one request, up to 4194304 [default: 1048576]
    #[arg(long, value_name = "BYTES", value_parser = batch_bytes, help_heading = "Target")]
    pub batch_bytes: Option<usize>,

    /// How the target is reached.
    #[command(flatten, next_help_heading = "Target")]
    pub connection: ConnectionOptions,

    /// Stop after more than N rejects. Rejects that the first pass finds (not in a pipe) count before anything is sent
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub max_errors: Option<u64>,

    /// Send nothing if the files show that any record would be rejected: exit code 4; the report and the rejects file name these
    /// records. What only the target knows is found while the others are sent (exit code 3): for example an address that another
    /// identity has, or, with --on-existing fail, a user who is at the target already
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_missing_value = "true", hide_possible_values = true, help_heading = "Mapping")]
    pub strict: Option<bool>,

    /// End with exit code 5 if the input has fewer than N records, and send nothing (a pipe is sent as it is read)
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub min_records: Option<u64>,

    /// The most bytes in one record; a larger record becomes a reject and is not kept in memory [default: 8388608]
    #[arg(long, value_name = "BYTES", value_parser = record_bytes, help_heading = "Mapping")]
    pub max_record_bytes: Option<usize>,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,

    /// The directory of the runs: journals, rejects and reports [default: .avnology/runs]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub runs_dir: Option<PathBuf>,
}

fn batch_size(text: &str) -> Result<usize, String> {
    within(text, 1..=MAX_BATCH_ITEMS)
}

fn batch_bytes(text: &str) -> Result<usize, String> {
    within(text, 1024..=MAX_BODY_BYTES)
}

fn record_bytes(text: &str) -> Result<usize, String> {
    within(text, 1024..=1024 * 1024 * 1024)
}

fn within(text: &str, range: RangeInclusive<usize>) -> Result<usize, String> {
    let expected = || format!("expected a number from {} to {}", range.start(), range.end());
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(expected)
}
