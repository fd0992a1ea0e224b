//! `avnology doctor`.

use std::path::PathBuf;

use clap::Args;

use super::{OutputFormat, TargetArguments, exit_codes};

/// The command that looks at what an import would use.
pub const DOCTOR: &str = "doctor";

/// `avnology doctor …`
#[derive(Debug, Args)]
#[command(after_help = format!("\
It changes nothing. The target is asked what an import asks before its first user: to list one user, and to validate one that
is not created. Of a Kratos it looks whether the identity schema takes what would be sent. The config file and the
environment count as they do for an import.

{}", exit_codes()))]
pub struct DoctorArguments {
    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// The mapping file of the import: what it makes of users has to fit the identity schema of a Kratos
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,

    /// The directory of the runs: journals, rejects and reports [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// Take options that are not typed from this file [default: avnology.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Ask the target nothing
    #[arg(long)]
    pub offline: bool,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}
