//! Which target: options of every command that asks a target for something.

use std::path::PathBuf;

use clap::Args;

use crate::http::BaseUrl;

/// Which target.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// Use an embedded Avnology ID instead of a real one; no account needed
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// The embedded Avnology ID's database
    #[arg(long, value_name = "PATH", default_value = ".avnology/sandbox.db", requires = "sandbox")]
    pub sandbox_db: PathBuf,

    /// The target's address: https, or http if it is on this machine [default: `https://api-id.avnology.net`]
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub base_url: Option<BaseUrl>,
}
