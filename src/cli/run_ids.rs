//! `avnology migrate clerk runs ids`.

use std::path::PathBuf;

use clap::Args;

use crate::results::TableFormat;

/// `avnology migrate clerk runs ids`
#[derive(Debug, Args)]
pub struct RunIdsArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// How to write the ids
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: TableFormat,

    /// Write them to this file, which only you can read, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,
}
