//! `avnology migrate clerk resume`.

use std::path::PathBuf;

use clap::Args;

use super::RunOptions;

/// `avnology migrate clerk resume`
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run's id, as `runs` lists it [default: the newest run that is not finished]
    pub run: Option<String>,

    /// Do not ask before the first import into a target; without a terminal nobody is asked
    #[arg(long)]
    pub yes: bool,
    /// Where the inputs of the run are now, in the same order, if they are not where they were. Their bytes have to be the same
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// Where the file with the passwords is now
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
