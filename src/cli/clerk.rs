//! `avnology migrate clerk`, with the import itself or a command beside it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::apps::{self, AppsArguments};
use super::export::{self, ExportArguments};
use super::{
    CodemodArguments, CutoverArguments, ImportArguments, PlanArguments, ResumeArguments, RunsArguments,
    TokensArguments, UndoArguments, VerifyArguments, WebhooksArguments, cutover, exit_codes, plan, tokens, variables,
    webhooks,
};

pub(super) const LONG_ABOUT: &str = "\
Import a Clerk user export.

Reads users from a file, from standard input, from Clerk's API or (if built with object storage) from a store, one record at a time, however \
many there are: {\"data\": [<user>, …]}, an array of users, several of these put together, one user a line (NDJSON), or the \
Dashboard's CSV. Each may be compressed with gzip or zstd. Creates the users at Avnology ID with their passwords, metadata, \
addresses and social sign-ins.

Running the import again changes nothing and adds what is missing. A record that cannot be imported never stops the run: it \
goes to rejects.ndjson. Mend it there, and import that file.

The program reads files through before it sends the first user. If a checksum is wrong, it sends nothing; if a file changes, \
it stops. It can read a pipe only once: `avnology help inputs` says what that means.

The admin key comes from AVNOLOGY_SECRET_KEY, in the environment or in a .env file of the working directory.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  Read, map and validate; send nothing:
    avnology migrate clerk --import clerk_users.json --dry-run
  Rehearse against an embedded Avnology ID:
    avnology migrate clerk --import clerk_users.json --sandbox
  The real import:
    avnology migrate clerk --import clerk_users.json
  Straight from Clerk's API, with the passwords of the Dashboard's CSV:
    avnology migrate clerk --import clerk:// --passwords clerk_users.csv
  From a pipe, with a report for a program:
    gunzip -c users.json.gz | avnology migrate clerk --import - --output json > report.json

Options that are the same every time can be in a file (avnology.toml, or --config FILE; `avnology help nightly`):
  [migrate.clerk]
  import = \"clerk_users.json\"
  max-errors = 1000

{}

The manual is `avnology help TOPIC`; `avnology help` lists the topics.

{}",
        variables(),
        exit_codes()
    )
}

/// The command that is about code: nothing of the config file and of the table of options is for it.
pub const CODEMOD: &str = "codemod";

/// `avnology migrate clerk …`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ClerkArguments {
    /// What to do instead of an import.
    #[command(subcommand)]
    pub command: Option<ClerkCommand>,

    /// The import.
    #[command(flatten)]
    pub import: ImportArguments,

    /// Take options that are not typed from this file [default: avnology.toml, if there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Print a mapping file that means exactly the defaults, with an explanation of each key
    #[arg(long, exclusive = true, help_heading = "Mapping")]
    pub print_default_mapping: bool,

    /// Print an identity schema for Kratos that takes what the defaults, or the rules of a mapping file, make of users
    #[arg(long, value_name = "MAPPING", num_args = 0..=1, require_equals = true)]
    #[arg(exclusive = true, help_heading = "Mapping")]
    pub print_kratos_schema: Option<Option<PathBuf>>,

    /// Print a file of namespaces for Keto that declares these roles [default: admin,member]
    #[arg(long, value_name = "ROLES", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    #[arg(default_missing_value = "admin,member", exclusive = true, help_heading = "Mapping")]
    pub print_keto_namespaces: Vec<String>,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum ClerkCommand {
    /// Export a tenant from Clerk's API into files that the import reads
    #[command(long_about = export::LONG_ABOUT, after_help = export::examples())]
    Export(Box<ExportArguments>),
    /// Say what of a tenant beside its users moves, and how
    #[command(long_about = plan::LONG_ABOUT, after_help = plan::examples())]
    Plan(Box<PlanArguments>),
    /// Make the applications of a plan OAuth clients of the target
    #[command(long_about = apps::LONG_ABOUT, after_help = apps::examples())]
    Apps(Box<AppsArguments>),
    /// Take token templates apart, claim by claim
    #[command(long_about = tokens::LONG_ABOUT, after_help = tokens::examples())]
    Tokens(Box<TokensArguments>),
    /// Move endpoints of webhooks, and try the handlers behind them
    #[command(long_about = webhooks::LONG_ABOUT, after_help = webhooks::examples())]
    Webhooks(WebhooksArguments),
    /// Say how far the switch is, check it, record it, and write the page to sign
    #[command(long_about = cutover::LONG_ABOUT, after_help = cutover::examples())]
    Cutover(Box<CutoverArguments>),
    /// List the runs, the newest first
    Runs(RunsArguments),
    /// Resume a run that was interrupted
    Resume(ResumeArguments),
    /// Compare the target with an export, field by field
    Verify(Box<VerifyArguments>),
    /// Delete exactly the identities that one run created
    Undo(UndoArguments),
    /// Move code from Clerk's packages to Avnology's, and list what is left
    Codemod(Box<CodemodArguments>),
}
