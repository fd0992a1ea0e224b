//! `avnology migrate clerk runs merge`: the accounts of all shards of one import, put together to one.
//!
//! What became of each record is in the shards' journals, as for any run, and so is how each run ended. Their reports and
//! rejects files are for people, who may edit, move or delete them; nothing is counted in those. That the shards are all of
//! one whole is checked twice: by what their runs are about, and by their counts, for the records of all must be what each one
//! saw in all.

mod account;
mod merged_directory;
mod part;
mod rejects;

use std::io;
use std::path::{Path, PathBuf};

use account::Account;
use merged_directory::MergedDirectory;
use part::Part;

use super::import_error::ImportError;
use super::output::Output;
use crate::account::Ledger;
use crate::cli::MergeArguments;
use crate::exit::ExitStatus;
use crate::journal::{JournalError, LockError};
use crate::report::{Console, LogFormat, RunDetails, RunReport};
use crate::source::Shard;

/// Why shards cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// Files and directories.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is no such run.
    #[error("there is no run `{0}`; `avnology migrate clerk runs` lists them, and a run's directory can be given, too")]
    NoRun(String),
    /// There is no run of a shard at all.
    #[error("in `{0}` there is no run of a shard")]
    NoShards(PathBuf),
    /// Somebody wants to put a whole with something.
    #[error("run {0} is not one of a shard")]
    NotAShard(String),
    /// Somebody wants to put together what is the result of that.
    #[error("`{run}` is no run but the account of {}, put together; name one of these to do it again", shards.join(" and "))]
    Merged {
        /// What was named.
        run: String,
        /// The runs that it is the account of.
        shards: Vec<String>,
    },
    /// The runs are not about the same.
    #[error("runs {one} and {other} are not shards of one import: they differ in {what}")]
    Different {
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// The names of what differs.
        what: String,
    },
    /// The same records would count twice.
    #[error("runs {one} and {other} are both of shard {shard}")]
    Twice {
        /// A run.
        one: String,
        /// Another one.
        other: String,
        /// The shard.
        shard: Shard,
    },
    /// Not all are there and done.
    #[error("the import is not finished:{0}")]
    Unfinished(String),
    /// A journal cannot be used.
    #[error("{0}; import this shard once more with --new-run, which sends nobody twice, and merge again")]
    Journal(#[from] JournalError),
    /// Somebody else is at it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is there is not what was counted.
    #[error("{what} of run {run} does not add up: {problem}")]
    Inconsistent {
        /// The run.
        run: String,
        /// Which of its files.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The account cannot be written.
    #[error(transparent)]
    Report(#[from] ImportError),
}

impl MergeError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        |source| Self::Io { path: path.to_path_buf(), source }
    }

    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Lock(LockError::Held { .. }) => ExitStatus::Locked,
            _ => ExitStatus::Usage,
        }
    }
}

/// Puts the shards together that were named, and those of the same import beside them; without any name, those of the newest
/// one. Either all of it is written or nothing.
pub fn merge_runs(arguments: &MergeArguments, runs: &Path) -> Result<ExitStatus, MergeError> {
    let parts = part::find(&arguments.runs, runs)?;
    let (Some(first), Some((_, last))) = (parts.values().next(), parts.last_key_value()) else {
        return Err(MergeError::NoShards(runs.to_path_buf()));
    };
    part::check_finished(&parts, last.shard)?;
    part::check_bytes(&parts)?;
    let accounts = parts.values().map(Account::of).collect::<Result<Vec<_>, _>>()?;
    account::check_sums(&accounts)?;
    let shards: Vec<String> = parts.values().map(|part| part.record.id.clone()).collect();
    let passwords = account::passwords(first);
    let (target, rejects_of) = (Some(first.record.target.clone()), first.record.rejects_of.clone());
    let mut directory = MergedDirectory::open(runs.join(merged_name(first)), shards.clone())?;
    let rejects = directory.stage(|to| rejects::gather(&accounts, to))?;
    let mut merged = accounts.into_iter().map(|account| account.ledger).reduce(Ledger::with).unwrap_or_else(empty);
    merged.shard = None;
    let (path, report) = (directory.rejects()?, directory.report());
    merged.set_rejects_files(rejects.iter().map(|_| path.clone()).collect());
    let report_file = Some(report.display().to_string());
    let details = RunDetails { shards, rejects_of, passwords, target, report_file, ..RunDetails::default() };
    directory.keep((&path, rejects), &RunReport::new(&merged, &details, false))?;
    Ok(Output::new(arguments.output, Console::new(LogFormat::Text, arguments.quiet)).report(&merged, &details, None)?)
}

fn empty() -> Ledger {
    Ledger::new(&[], true)
}

/// `20261123T091500Z-3f9a-merged`, after the run of the first shard.
fn merged_name(first: &Part) -> String {
    let part = format!("-{}of{}", first.shard.number(), first.shard.of());
    format!("{}-merged", first.record.id.strip_suffix(&part).unwrap_or(&first.record.id))
}
