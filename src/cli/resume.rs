//! `avnology migrate clerk resume`.

use clap::Args;

use super::RunOptions;

/// `avnology migrate clerk resume`
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run's id, as `runs` lists it [default: the newest run that is not finished]
    pub run: Option<String>,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
