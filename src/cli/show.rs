//! `avnology migrate clerk runs show`.

use std::path::PathBuf;

use clap::Args;

use super::OutputFormat;

/// `avnology migrate clerk runs show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}
