//! `avnology man`.

use std::path::PathBuf;

use clap::Args;

/// `avnology man …`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  Read one:
    avnology man migrate clerk > avnology-migrate-clerk.1 && man ./avnology-migrate-clerk.1
  Install all:
    avnology man --out ~/.local/share/man/man1")]
pub struct ManArguments {
    /// The command whose page to print, as in `man migrate clerk`; `avnology` itself if left out
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub words: Vec<String>,

    /// Write the pages of all commands into this directory, one file a command. It is made if there is none; pages of
    /// these names are replaced
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
