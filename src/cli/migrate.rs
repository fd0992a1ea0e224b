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

Reads users from a file, from standard input or (if built with object storage) from a store, one record at a time, however \
many there are: {\"data\": [<user>, …]}, an array of users, several of these put together, one user a line (NDJSON), or the \
Dashboard's CSV. Each may be compressed with gzip or zstd. Creates the users at Avnology ID with their passwords, metadata, \
addresses and social sign-ins.

Running the import again changes nothing and adds what is missing. A record that cannot be imported never stops the run: it \
goes to rejects.ndjson. Mend it there, and import that file.

The program reads files through before it sends the first user. If a checksum is wrong, it sends nothing; if a file changes, \
it stops. It can read a pipe only once: `avnology help inputs` says what that means.

The admin key comes from AVNOLOGY_SECRET_KEY, in the environment or in a .env file of the working directory.";

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

Options that are the same every time can be in a file (avnology.toml, or --config FILE; `avnology help nightly`):
  [migrate.clerk]
  import = \"clerk_users.json\"
  max-errors = 1000

Environment (options win over it; it wins over a .env file of the working directory):
  AVNOLOGY_SECRET_KEY   the admin key; it needs the scopes admin:users:read and admin:users:write
  AVNOLOGY_SECRET_KEY_FILE  a file with the key; read again when the target refuses the key
  AVNOLOGY_BASE_URL     like --base-url
  AVNOLOGY_RATE         like --rate
  AVNOLOGY_CONCURRENCY  like --concurrency
  AVNOLOGY_RUNS_DIR     like --runs-dir
  AVNOLOGY_SHARDS       how many shards there are, for --shard auto
  AVNOLOGY_CACERT       like --cacert
  HTTPS_PROXY, ALL_PROXY, NO_PROXY  the proxy to the target
  NO_COLOR              no colours

The manual is `avnology help TOPIC`; `avnology help` lists the topics.

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

    /// Take options that are not typed from this file [default: avnology.toml, if there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Print a mapping file that means exactly the defaults, with an explanation of each key
    #[arg(long, exclusive = true, help_heading = "Mapping")]
    pub print_default_mapping: bool,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum ClerkCommand {
    /// List the runs, the newest first
    Runs(RunsArguments),
    /// Resume a run that was interrupted
    Resume(ResumeArguments),
    /// Compare the target with an export, field by field
    Verify(Box<VerifyArguments>),
    /// Delete exactly the identities that one run created
    Undo(UndoArguments),
    /// Move code from Clerk's packages to Avnology's, and list what is left
    Codemod(Box<super::CodemodArguments>),
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
    /// Make one account and one rejects file of all shards of an import
    Merge(MergeArguments),
}

/// `avnology migrate clerk runs merge`
#[derive(Debug, Args)]
pub struct MergeArguments {
    /// Runs of shards, by their ids or directories. The program finds the other shards of the same import among the runs
    /// [default: the newest import in shards]
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
    /// The run's id, as `runs` lists it [default: the newest run that is not finished]
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

    /// Do not ask before deleting; needed if there is no terminal
    #[arg(long)]
    pub yes: bool,

    /// Also delete identities that somebody changed since the run created them
    #[arg(long)]
    pub force: bool,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// `avnology migrate clerk verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The export: one file or several, `-` for standard input, or a URL such as `s3://bucket/users.json`
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// The Dashboard's CSV with the passwords; exports of the Backend API and of Clerk's CLI have none
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// Compare N records, spread over the whole export, and do not look for extra identities
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub sample: Option<NonZeroUsize>,

    /// Compare everything, and look for identities that are not in the export (the default)
    #[arg(long)]
    pub all: bool,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How users were mapped, as in the import.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// How to run.
    #[command(flatten)]
    pub options: RunOptions,
}

/// `avnology migrate clerk --import …`
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The export: one file or several, `-` for standard input, or a URL such as `s3://bucket/users.json`
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub import: Vec<PathBuf>,

    /// The Dashboard's CSV with the passwords; exports of the Backend API and of Clerk's CLI have none
    #[arg(long, value_name = "FILE")]
    pub passwords: Option<PathBuf>,

    /// Import only part I of N, as in `2/3`, at 1/N of the rate. Other processes import the other parts, and `runs merge`
    /// makes one account of all. `auto` asks the engine: a Kubernetes Indexed Job (with `AVNOLOGY_SHARDS`), a Slurm array,
    /// an AWS Batch array or Cloud Run tasks
    #[arg(long, value_name = "I/N")]
    pub shard: Option<ShardChoice>,

    /// Read, map and check everything, send nothing, and show the first identities
    #[arg(long)]
    pub dry_run: bool,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How users are mapped.
    #[command(flatten)]
    pub mapping: MappingArguments,

    /// What to do with a user who is at the target already
    #[arg(long, value_name = "RULE", default_value = "skip", help_heading = "Mapping")]
    pub on_existing: OnExisting,

    /// Ask the target about every user, even if it confirmed the user in an earlier run
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub recheck: bool,

    /// How many identities a dry run shows, with password hashes masked [default: 3]
    #[arg(long, value_name = "N", requires = "dry_run", help_heading = "Output")]
    pub preview: Option<usize>,

    /// Begin a new run, even if there is an interrupted one over the same input and target
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
    /// Map users by the rules in this TOML file; --print-default-mapping prints one to begin with
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub mapping: Option<PathBuf>,

    /// Reject users whose traits do not match this JSON Schema
    #[arg(long, value_name = "FILE", help_heading = "Mapping")]
    pub traits_schema: Option<PathBuf>,

    /// What to do with a user without an email address: `reject` it, or give it an address at a domain
    /// (`placeholder:DOMAIN`) [default: reject, or what the mapping file says]
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

    /// The target's address: https, or http if it is on this machine [default: `https://api-id.avnology.net`]
    #[arg(long, value_name = "URL", help_heading = "Target")]
    pub base_url: Option<BaseUrl>,
}

/// How to run.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Requests a second (50/s) or a minute (600/m), and fewer if the target asks for that; `auto` finds what the target
    /// allows [default: auto]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate: Option<RateChoice>,

    /// Never go slower than this [default: 1/m]
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_min: Option<Rate>,

    /// Never go faster than this, even if the target allows it
    #[arg(long, value_name = "RATE", help_heading = "Target")]
    pub rate_max: Option<Rate>,

    /// How many requests may go at once after a pause [default: 1]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub burst: Option<NonZeroU32>,

    /// How many requests may be in flight; `auto` adapts to how long answers take [default: auto]
    #[arg(long, value_name = "N", help_heading = "Target")]
    pub concurrency: Option<ConcurrencyRules>,

    /// The most users in one request, up to 1000 [default: 500]
    #[arg(long, value_name = "N", value_parser = batch_size, help_heading = "Target")]
    pub batch_size: Option<usize>,

    /// The most bytes in one request, up to 4194304 [default: 1048576]
    #[arg(long, value_name = "BYTES", value_parser = batch_bytes, help_heading = "Target")]
    pub batch_bytes: Option<usize>,

    /// How many seconds to wait for a target that fails or asks to wait; then the run stops with exit code 7
    /// [default: 180]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub max_wait: Option<u64>,

    /// How many seconds connecting may take [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub connect_timeout: Option<NonZeroU32>,

    /// How many seconds a request may take, from its first byte to the answer's last [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = "Target")]
    pub request_timeout: Option<NonZeroU32>,

    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub cacert: Option<PathBuf>,

    /// Stop after more than N rejects. Rejects that the first pass finds (not in a pipe) count before anything is sent
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub max_errors: Option<u64>,

    /// Send nothing if the files show that any record would be rejected: exit code 4; the report and the rejects file name these
    /// records. What only the target knows is found while the others are sent (exit code 3): for example an address that another
    /// identity has, or, with --on-existing fail, a user who is at the target already
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, help_heading = "Mapping")]
    pub strict: bool,

    /// End with exit code 5 if the input has fewer than N records, and send nothing (a pipe is sent as it is read)
    #[arg(long, value_name = "N", help_heading = "Mapping")]
    pub min_records: Option<u64>,

    /// The most bytes in one record; a larger record becomes a reject and is not kept in memory [default: 8388608]
    #[arg(long, value_name = "BYTES", value_parser = record_bytes, help_heading = "Mapping")]
    pub max_record_bytes: Option<usize>,

    /// What to print on standard output at the end
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub output: OutputFormat,

    /// How to show progress on standard error
    #[arg(long, value_name = "STYLE", default_value = "auto", help_heading = "Output")]
    pub progress: ProgressStyle,

    /// Print nothing if all went well, one line if records were rejected, and errors
    #[arg(long, short, value_name = "BOOL", num_args = 0..=1, require_equals = true, action = ArgAction::Set)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(hide_possible_values = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// The format of standard error: text, or one JSON object a line, with progress and errors, too
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub log_format: LogFormat,

    /// Write metrics for the textfile collector of Prometheus's node exporter to this file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics_file: Option<PathBuf>,

    /// Print more; given twice, still more
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// The directory of the runs: journals, rejects and reports [default: .avnology/runs]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub runs_dir: Option<PathBuf>,

    /// Also write the JSON report to this file (a dry run writes it nowhere else)
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
