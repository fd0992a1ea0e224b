//! `avnology migrate clerk cutover`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::{ClerkApiArguments, ConnectionOptions, OutputFormat, OutputOptions, TargetArguments, exit_codes};
use crate::cutover::{Fact, SwitchStep, Words};

pub(super) const LONG_ABOUT: &str = "\
Say how far the switch is: what the program checks, what persons record.

The guide's four steps, taken apart. `check` looks at runs, the plan, reports of other commands, the target and Clerk, and changes \
nothing at any of them. `record` writes down what only a person can know, with a name and a date. `status` shows both, and \
`report` writes them as a page to sign. All of it is in one file (.avnology/cutover.json), for its owner only: names of persons \
are in it, and no secret.

The exit code is 0 only if all steps that were asked for are ok or skipped, else 3.";

pub(super) fn examples() -> String {
    let line = |text: String, name: &str, title: &str| text + &format!("\n  {name:<19}{title}");
    let steps = SwitchStep::ALL.iter().fold(String::new(), |text, step| line(text, step.name(), step.title()));
    let facts = Fact::ALL.iter().fold(String::new(), |text, fact| line(text, fact.name(), fact.title()));
    format!(
        "\
Steps:{steps}

What a person records:{facts}

Examples:
  Check staging, with staging's address and key:
    avnology migrate clerk cutover check staging
  Write down what somebody did:
    avnology migrate clerk cutover record staging-tried --by \"Ana Lima\" --note \"all three, with two accounts\"
  The moment of the switch:
    avnology migrate clerk cutover record flip --by \"Ana Lima\" --note \"deployed\" --at 2026-11-26T03:10:00Z
  The page to sign:
    avnology migrate clerk cutover report --out cutover.html

The manual is `avnology help cutover`.

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk cutover …`
#[derive(Debug, Args)]
pub struct CutoverArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: CutoverCommand,
}

/// What to do about the switch.
#[derive(Debug, Subcommand)]
pub enum CutoverCommand {
    /// Show how the steps stand
    Status(CutoverStatusArguments),
    /// Check what the program can check, and remember what was found
    Check(Box<CutoverCheckArguments>),
    /// Write down what only a person can know, or that a step is skipped
    Record(CutoverRecordArguments),
    /// Write the page to sign
    Report(CutoverReportArguments),
}

/// Where it is kept, and by which runs it stands.
#[derive(Clone, Debug, Args)]
pub struct CutoverOptions {
    /// The file of the switch
    #[arg(long, value_name = "FILE", default_value = ".avnology/cutover.json")]
    pub state: PathBuf,

    /// The directory of the runs [default: .avnology/runs]
    #[arg(long, value_name = "DIR")]
    pub runs_dir: Option<PathBuf>,

    /// What was checked longer ago is old and has to be checked again, as in `45m` or `168h`
    #[arg(long, value_name = "TIME", default_value = "168h", value_parser = age)]
    pub max_age: SignedDuration,
}

/// `avnology migrate clerk cutover status`
#[derive(Debug, Args)]
pub struct CutoverStatusArguments {
    /// Only these steps
    #[arg(value_name = "STEP")]
    pub steps: Vec<SwitchStep>,

    /// Where it is kept.
    #[command(flatten)]
    pub options: CutoverOptions,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// `avnology migrate clerk cutover check`
#[derive(Debug, Args)]
pub struct CutoverCheckArguments {
    /// Only these steps. Without one: all; `staging` only as long as it was checked at no other target
    #[arg(value_name = "STEP")]
    pub steps: Vec<SwitchStep>,

    /// Where it is kept.
    #[command(flatten)]
    pub options: CutoverOptions,

    /// The plan of the tenant, as `plan --out` wrote it. This file and the next ones are named once, and remembered
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub plan: Option<PathBuf>,

    /// The report (.json) of `codemod --check`; once for each code base
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub code_report: Vec<PathBuf>,

    /// The id of a client at staging's target: the program asks for a code as its application does, up to the sign-in page
    #[arg(long, value_name = "ID", requires = "redirect_uri", help_heading = "What to look at")]
    pub client_id: Option<String>,

    /// One of its redirect URIs
    #[arg(long, value_name = "URI", requires = "client_id", help_heading = "What to look at")]
    pub redirect_uri: Option<String>,

    /// The report of `apps verify`
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub apps_report: Option<PathBuf>,

    /// The report of `webhooks verify`
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub webhooks_report: Option<PathBuf>,

    /// The report of `webhooks activate` at production's target
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub activate_report: Option<PathBuf>,

    /// The report of `webhooks try`
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub try_report: Option<PathBuf>,

    /// The report of `verify --sign-in` at staging's target
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub sign_in_report: Option<PathBuf>,

    /// The report of `verify` at staging's target, where the run itself does not have it: after an import from `clerk://`, or in
    /// shards
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub staging_verify_report: Option<PathBuf>,

    /// That report of production's target
    #[arg(long, value_name = "FILE", help_heading = "What to look at")]
    pub verify_report: Option<PathBuf>,

    /// The finished export that is kept when Clerk is gone
    #[arg(long, value_name = "DIR", help_heading = "What to look at")]
    pub kept_export: Option<PathBuf>,

    /// When the export of the last import was begun; without it, the export's own manifest says it
    #[arg(long, value_name = "TIME", help_heading = "What to look at")]
    pub exported_at: Option<Timestamp>,

    /// How many users may have changed at Clerk since the last import
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "What to look at")]
    pub max_changes: u64,

    /// Which target.
    #[command(flatten)]
    pub target: TargetArguments,

    /// How Clerk's API is reached.
    #[command(flatten)]
    pub api: ClerkApiArguments,

    /// The connection to both.
    #[command(flatten, next_help_heading = "Target and Clerk's API")]
    pub connection: ConnectionOptions,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// `avnology migrate clerk cutover record`
#[derive(Debug, Args)]
pub struct CutoverRecordArguments {
    /// What is recorded, or, with --skip, the step that is not done
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Who says it
    #[arg(long, value_name = "WHO")]
    pub by: Words,

    /// What they say; it stands in the report, so no user's name or address and no secret belongs in it
    #[arg(long, value_name = "TEXT")]
    pub note: Words,

    /// When it was so, as in 2026-11-26T03:10:00Z [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "withdraw")]
    pub at: Option<Timestamp>,

    /// A file that shows it; its name and its SHA-256 go into the report
    #[arg(long, value_name = "FILE", conflicts_with = "withdraw")]
    pub evidence: Option<PathBuf>,

    /// The step is not done; the note says why, and both stand in the report for ever
    #[arg(long, conflicts_with_all = ["at", "evidence"])]
    pub skip: bool,

    /// All that was recorded under this name does not hold any more
    #[arg(long)]
    pub withdraw: bool,

    /// The file of the switch
    #[arg(long, value_name = "FILE", default_value = ".avnology/cutover.json")]
    pub state: PathBuf,
}

/// `avnology migrate clerk cutover report`
#[derive(Debug, Args)]
pub struct CutoverReportArguments {
    /// The page: HTML (.html) or Markdown (.md)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Where it is kept.
    #[command(flatten)]
    pub options: CutoverOptions,
}

fn age(text: &str) -> Result<SignedDuration, String> {
    let parsed = text.trim().parse::<SignedDuration>().ok().filter(SignedDuration::is_positive);
    parsed.ok_or_else(|| "expected a time as in `45m` or `168h`".to_owned())
}
