//! `avnology migrate clerk runs export`.

use std::path::PathBuf;

use clap::Args;

use crate::results::{TableFormat, UserList};

/// `avnology migrate clerk runs export`
#[derive(Debug, Args)]
pub struct RunExportArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// Which records: all, created, updated, unchanged, rejected, unfinished (sent, and the answer was lost), needs-reset (users
    /// who have to set a new password, with their addresses), or a code of a reject or a notice; or missing: users who are no
    /// longer in the export, as --on-missing found them
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pub users: UserList,

    /// How to write the list [default: as the name of the file says, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TableFormat>,

    /// Write the list to this file, which only you can read, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write a line with a recovery link for each user who has to set a new password: with `--users needs-reset --out FILE`, of a
    /// run whose target is a Kratos. The links hold for this many hours [default: 24]
    #[arg(long, value_name = "HOURS", num_args = 0..=1, require_equals = true, default_missing_value = "24")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=720), requires = "out", conflicts_with = "format")]
    pub recovery_links: Option<u32>,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,
}
