//! `avnology migrate clerk runs ids`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `avnology migrate clerk runs ids`
#[derive(Debug, Args)]
pub struct RunIdsArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// How to write the ids
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: IdsFormat,

    /// Write them to this file, which only you can read, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,
}

/// How ids are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IdsFormat {
    /// A table with a header
    Csv,
    /// One JSON object a line
    Ndjson,
}
