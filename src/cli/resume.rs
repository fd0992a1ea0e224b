//! `avnology migrate clerk resume`.

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

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}
