//! Where the output of a command goes: options of every command that takes a while.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{JobOptions, OutputFormat, ProgressStyle};
use crate::report::LogFormat;

/// Where the output of a command goes.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputOptions {
    /// What to print on standard output at the end
    #[arg(long = "output", value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub format: OutputFormat,

    /// How to show progress on standard error
    #[arg(long, value_name = "STYLE", default_value = "auto", help_heading = "Output")]
    pub progress: ProgressStyle,

    /// Print nothing if all went well, one line if records were rejected, and errors
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// The format of standard error: text, or one JSON object a line, with progress and errors, too
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub log_format: LogFormat,

    /// Write metrics for the textfile collector of Prometheus's node exporter to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics_file: Option<PathBuf>,

    /// Print more; given twice, still more
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// Also write the report to this file (a dry run writes it nowhere else): JSON, or, of an import or a dry run, a page for
    /// people if its name ends in .html
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,

    /// Name the first 500 users who did not move on the page of an import, with their ids, addresses and names, and the ids of the
    /// first 500 who are no longer in the export
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Output")]
    pub report_personal_data: bool,
    /// Options of jobs that nobody watches.
    #[command(flatten)]
    pub job: JobOptions,
}
