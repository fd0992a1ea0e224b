//! `avnology migrate clerk plan`.

use std::path::PathBuf;

use clap::Args;

use super::{ClerkApiArguments, ConnectionOptions, OutputOptions, exit_codes};
use crate::tenant_plan::UrlAssignment;

pub(super) const LONG_ABOUT: &str = "\
Say what of a tenant beside its users moves, and how.

Reads applications, redirect URLs, domains, token templates, roles, permissions, lists, settings and enterprise connections, \
and writes one file that has each of them once: moved, check, to do, or cannot move, with a sentence; and the same as \
Markdown beside it. The same tenant gives the same bytes, so the file can be kept in git and compared. No secret and no \
person's address is in it.

The program changes nothing by it, neither at Clerk nor at the target. Complete the plan by --assign, or write a `note` to a \
thing and `assigned_to` to a redirect URL: the next `plan` into the same file keeps them.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  From an export:
    avnology migrate clerk plan --from export --out tenant-plan.json
  Straight from Clerk's API, with the key in CLERK_SECRET_KEY:
    avnology migrate clerk plan --from clerk:// --out tenant-plan.json
  Say which application uses a redirect URL, by its client id:
    avnology migrate clerk plan --from export --out tenant-plan.json \\
        --assign https://app.example.com/callback=client_2example

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk plan`
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// A finished export, or `clerk://` for Clerk's API
    #[arg(long, value_name = "DIR|clerk://")]
    pub from: PathBuf,

    /// The file for the plan, which ends with `.json`; the Markdown goes beside it. If it is a plan already, what a person
    /// decided in it stays
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// The redirect URL of the instance is used by the application with this client id
    #[arg(long, value_name = "URL=CLIENT")]
    pub assign: Vec<UrlAssignment>,

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
