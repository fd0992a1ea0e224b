//! `avnology migrate clerk export`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{ClerkApiArguments, ConnectionOptions, OutputOptions, exit_codes};
use crate::export::{Compression, ExportKind, SinceArgument};

pub(super) const LONG_ABOUT: &str = "\
Export a tenant from Clerk's API into files that the import reads.

Reads users, organizations, memberships and all else that Clerk's Backend API has, and writes one file of each kind, one \
record a line, exactly as the API gave it. What the API does not give is not in the files: passwords come from the \
Dashboard's CSV, which --passwords adds to an import.

The program only reads at Clerk: it sends GET and nothing else. If it is interrupted or killed, the same command goes on \
where it was. manifest.json appears last: a directory that has it is whole.

The key comes from CLERK_SECRET_KEY, in the environment or in a .env file of the working directory, or from the file that \
CLERK_SECRET_KEY_FILE names.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  Everything, then the import:
    avnology migrate clerk export --out export
    avnology migrate clerk --import export --passwords clerk_users.csv
  Users and organizations only, compressed:
    avnology migrate clerk export --out export --only users,organizations --compress zstd
  Users who are new or changed since then:
    avnology migrate clerk export --out delta --only users --since export
  The same, and users of the first export who are not there any more:
    avnology migrate clerk export --out delta --only users --since export --deleted export

The sequence up to the switch is in `avnology help export`.

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk export`
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The directory for the files; the program makes it if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Export these kinds of records only, separated by commas [default: all kinds]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub only: Vec<ExportKind>,

    /// Export only users who are new or changed since an earlier export (its directory) or since a time, such as
    /// 2026-11-23T03:00:00Z. Other kinds are exported whole: the API does not say what changed in them
    #[arg(long, value_name = "DIR|TIME")]
    pub since: Option<SinceArgument>,

    /// Also list users of these earlier exports who are not at Clerk any more, in `deleted_users.ndjson`. Name each export
    /// that was imported. With --since, or without users, this reads the list of all users once more
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub deleted: Vec<PathBuf>,

    /// Compress the files
    #[arg(long, value_name = "FORMAT", default_value = "none")]
    pub compress: Compression,

    /// Begin a new export in a directory that has one, finished or not. The old one is deleted
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    pub new: bool,

    /// How the API is reached.
    #[command(flatten)]
    pub api: ClerkApiArguments,

    /// The connection to the API.
    #[command(flatten, next_help_heading = "Clerk's API")]
    pub connection: ConnectionOptions,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,
}
