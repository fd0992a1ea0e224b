//! How objects are made that are made once: options of `apps` and `webhooks`, which ask for one object after the other.

use std::path::PathBuf;

use clap::Args;

use super::{ConnectionOptions, OutputOptions, RateOptions};

/// How objects are made, compared and deleted at a target.
#[derive(Clone, Debug, Default, Args)]
pub struct ObjectOptions {
    /// How fast.
    #[command(flatten)]
    pub rate: RateOptions,

    /// How the target is reached.
    #[command(flatten, next_help_heading = "Target")]
    pub connection: ConnectionOptions,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,

    /// The directory of the runs: what was made at the target is kept in it [default: .avnology/runs]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub runs_dir: Option<PathBuf>,
}
