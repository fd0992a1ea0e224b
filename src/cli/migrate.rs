//! `avnology migrate`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use crate::avnology::BaseUrl;
use crate::delivery::OnExisting;
use crate::mapping::MissingEmail;
use crate::pace::{ConcurrencyRules, Rate, RateChoice};
use crate::report::LogFormat;
use crate::source::ShardChoice;

/// `avnology migrate …`
#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// Where the users come from.
    #[command(subcommand)]
    pub provider: Provider,
}

/// Where the users come from.
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// Import a Clerk user export
    #[command(long_about = LONG_ABOUT, after_help = examples())]
    Clerk(Box<ClerkArguments>),
}

const LONG_ABOUT: &str = "\
Import a Clerk user export.

Reads {\"data\": [<user>, …]}, a bare array of users, several of these put together, one user a line (NDJSON) or the \
Dashboard's CSV, also compressed \
with gzip or zstd, however large, one record at a time, from a file, standard input or (if built with object storage) a \
store (s3://bucket/users.json, gs://, az://, https://), and creates the users at Avnology ID with their passwords, metadata, addresses and social sign-ins. Running it again \
changes nothing and picks up what is missing. A record that cannot be imported never stops the run: it goes to \
rejects.ndjson, which can be mended and imported itself.

Files are read through before the first user is sent: of one whose checksum is wrong nothing is, and one that changes is \
noticed. A pipe can be read only once: its compressed data are checked before they are sent as long as a gzip member or zstd frame \
has 8 MiB at the most; damage to larger ones is known only after users were sent, and to what comes uncompressed never.

The admin key is read from AVNOLOGY_SECRET_KEY, in the environment or in a .env file of the working directory.";

fn examples() -> String {
    format!(
        "\
Examples:
  Read, map and validate; send nothing:
    avnology migrate clerk --import clerk_users.json --dry-run
  Rehearse against an embedded Avnology ID:
    avnology migrate clerk --import clerk_users.json --sandbox
  The real import:
    avnology migrate clerk --import clerk_users.json
  From a pipe, with a report for a program:
    gunzip -c users.json.gz | avnology migrate clerk --import - --output json > report.json

Options that are the same every time can be in a file (avnology.toml, or --config FILE):
  [migrate.clerk]
  import = \"clerk_users.json\"
  max-errors = 1000

Environment (a .env file of the working directory never overrides it; flags do):
  AVNOLOGY_SECRET_KEY   the admin key; scopes admin:users:read and admin:users:write
  AVNOLOGY_SECRET_KEY_FILE  a file with the key, read again when the target does not take it any more
  AVNOLOGY_BASE_URL     like --base-url
  AVNOLOGY_RATE         like --rate
  AVNOLOGY_CONCURRENCY  like --concurrency
  AVNOLOGY_RUNS_DIR     like --runs-dir
  AVNOLOGY_SHARDS       how many shards there are, for --shard auto
  AVNOLOGY_CACERT       like --cacert
  HTTPS_PROXY, ALL_PROXY, NO_PROXY  how to get to the target
  NO_COLOR              no colours

{}",
        super::exit_codes()
    )
}

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

    /// Take options that are not given here from this file [default: avnology.toml, if there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Print a mapping file that means exactly the defaults, with an explanation of everything in it
    #[arg(long, exclusive = true, help_heading = "Mapping")]
    pub print_default_mapping: bool,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum ClerkCommand {
    /// List the runs, the newest first
    Runs(RunsArguments),
    /// Go on with a run that was interrupted
    Resume(ResumeArguments),
    /// Read the target back and compare it with an export, field by field
    Verify(Box<VerifyArguments>),
    /// Delete exactly the identities that one run created
    Undo(UndoArguments),
}

/// `avnology migrate clerk runs`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArguments {
    /// What to do instead of listing them.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,

    /// Where runs are kept [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// What to do with several runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Put the accounts and the rejects of all shards of one import together
    Merge(MergeArguments),
}

/// `avnology migrate clerk runs merge`
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// Runs of shards, by their ids or directories; shards of the same import that are not named are looked for among the
    /// runs [default: the newest import in shards]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,

    /// Where runs are kept, and where the result is written [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,

    /// No summary; errors only
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    pub quiet: bool,
}

/// `avnology migrate clerk resume`
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run's id, as `runs` lists it; the newest one that is not finished if left out
    pub run: Option<String>,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// `avnology migrate clerk undo`
#[derive(Debug, Args)]
pub struct UndoArguments {
    /// The run's id, as `runs` lists it
    pub run: String,

    /// Do not ask; needed where there is no terminal to ask on
    #[arg(long)]
    pub yes: bool,

    /// Delete identities that were changed since the run created them, too
    #[arg(long)]
    pub force: bool,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// `avnology migrate clerk verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The export; several may be given, `-` is standard input; or a URL as in `s3://bucket/users.json`
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// The Dashboard's CSV with the passwords that the export lacks (as the Backend API's and the CLI's do), by Clerk id
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// Compare N records, spread over the whole export; extra identities are not looked for
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub sample: Option<NonZeroUsize>,

    /// Compare everything, and look for identities that are not in the export (the default)
    #[arg(long)]
    pub all: bool,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How users were mapped: as in the import.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// `avnology migrate clerk --import …`
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The export; several may be given, `-` is standard input; or a URL as in `s3://bucket/users.json`
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// The Dashboard's CSV with the passwords that the export lacks (as the Backend API's and the CLI's do), by Clerk id
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// Take part I of N, as in `2/3`, and 1/N of the rate; the other parts are for other processes, and `runs merge` puts
    /// their accounts together. `auto` asks the engine: a Kubernetes Indexed Job (with `AVNOLOGY_SHARDS`), a Slurm array, an
    /// AWS Batch array or Cloud Run tasks
    #[arg(long, value_name = "I/N")]
    pub shard: Option<ShardChoice>,

    /// Read, map and validate everything, send nothing, and preview the first identities
    #[arg(long)]
    pub dry_run: bool,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How users are mapped.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// What becomes of a user who is at the target already
    #[arg(long, value_name = "RULE", default_value = "skip", help_heading = "Mapping")]
    pub on_existing: OnExisting,

    /// Ask the target about every user, also those that it confirmed in an earlier run and that have not changed since
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub recheck: bool,

    /// How many identities a dry run shows (password hashes are masked) [default: 3]
    #[arg(long, value_name = "N", requires = "dry_run", help_heading = "Output")]
    pub preview: Option<usize>,

    /// Begin a new run, even if one over the same input and target was interrupted
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Output")]
    pub new_run: bool,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// How users are mapped.
#[derive(Debug, Default, Args)]
pub struct MappingArguments {
    /// Map by these rules (TOML): what traits there are, where metadata goes, unverified emails, usernames
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub mapping: Option<PathBuf>,

    /// Reject users whose traits do not match this JSON Schema
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub traits_schema: Option<PathBuf>,

    /// What becomes of a user without an email address: `reject`, or `placeholder:DOMAIN` to make one up [default: reject,
    /// or what the mapping file says]
    #[arg(long, value_name = "RULE", help_heading = "Mapping")]
    pub missing_email: Option<MissingEmail>,
}

/// Which target.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// Use an embedded Avnology ID instead of a real one; no account needed
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// The embedded Avnology ID's database
    #[arg(long, value_name = "PATH", default_value = ".avnology/sandbox.db", requires = "sandbox")]
    pub sandbox_db: PathBuf,

    /// The target's address; https, or http to this machine [default: `https://api-id.avnology.net`]
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub base_url: Option<BaseUrl>,
}

/// How to run, whatever is run.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Requests for each second (50/s) or minute (600/m), slower only where the target wants it; `auto` finds what it
    /// allows [default: auto]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate: Option<RateChoice>,

    /// Never go slower than this [default: 1/m]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_min: Option<Rate>,

    /// Never go faster than this, whatever the target allows
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_max: Option<Rate>,

    /// How many requests may go at once after a while without any [default: 1]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub burst: Option<NonZeroU32>,

    /// How many requests may be under way at once; `auto` goes by how long answers take [default: auto]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub concurrency: Option<ConcurrencyRules>,

    /// The most users in one request, up to 1000 [default: 500]
    #[arg(long, value_name = "N", value_parser = batch_size, help_heading = "Target")]
    pub batch_size: Option<usize>,

    /// The most bytes in one request, up to 4194304 [default: 1048576]
    #[arg(long, value_name = "BYTES", value_parser = batch_bytes, help_heading = "Target")]
    pub batch_bytes: Option<usize>,

    /// How many seconds to wait for a target that fails, or asks to wait, before the run stops with exit code 7
    /// [default: 180]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub max_wait: Option<u64>,

    /// How many seconds a connection may take to be made [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub connect_timeout: Option<NonZeroU32>,

    /// How many seconds a request may take, from its first byte to the answer's last [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub request_timeout: Option<NonZeroU32>,

    /// Trust the certificates in this PEM file, too
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub cacert: Option<PathBuf>,

    /// Stop once more than this many records were rejected; those that are known beforehand (not in a pipe) count before
    /// anything is sent
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub max_errors: Option<u64>,

    /// Send nothing while the files show that any record would be rejected: exit code 4, and the report and the rejects file
    /// name them. What only the target knows is found while the others are sent (exit code 3): an address that another identity
    /// has, and with --on-existing fail a user who is there already; `verify` tells before who is
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub strict: bool,

    /// End with exit code 5 if the input has fewer than N records; nothing is sent then, unless it comes out of a pipe
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub min_records: Option<u64>,

    /// The largest record; a larger one is rejected without being kept in memory [default: 8388608]
    #[arg(long, value_name = "BYTES", value_parser = record_bytes, help_heading = "Mapping")]
    pub max_record_bytes: Option<usize>,

    /// What to print on standard output at the end
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub output: OutputFormat,

    /// How to show progress on standard error
    #[arg(long, value_name = "STYLE", default_value = "auto", help_heading = "Output")]
    pub progress: ProgressStyle,

    /// No progress and no summary: nothing at all if all went well, a line if records were rejected, errors
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// How standard error tells what happens: for people, or as a JSON object a line, progress and errors included
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub log_format: LogFormat,

    /// Keep metrics for Prometheus in this file, as the textfile collector of its node exporter takes them
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics_file: Option<PathBuf>,

    /// Tell more; twice, still more
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// Where runs keep their journals, rejects and reports [default: .avnology/runs]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub runs_dir: Option<PathBuf>,

    /// Write the JSON report here as well (a dry run writes it nowhere else)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub report: Option<PathBuf>,
}

/// What standard output gets at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people: a dry run's previews, a list of runs; summaries go to standard error
    Text,
    /// One JSON object
    Json,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere; JSON lines with --log-format json
    Auto,
    /// A progress bar
    Bars,
    /// A line every few seconds
    Plain,
    /// A JSON object every second
    Json,
    /// Nothing
    None,
}

fn batch_size(text: &str) -> Result<usize, String> {
    within(text, 1..=crate::avnology::MAX_BATCH_ITEMS)
}

fn batch_bytes(text: &str) -> Result<usize, String> {
    within(text, 1024..=crate::avnology::MAX_BODY_BYTES)
}

fn record_bytes(text: &str) -> Result<usize, String> {
    within(text, 1024..=1024 * 1024 * 1024)
}

fn within(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let expected = || format!("expected a number from {} to {}", range.start(), range.end());
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(expected)
}
