//! `avnology migrate clerk runs merge`: the accounts of all shards of one import, put together to one.
//!
//! What became of each record is in the shards' journals, as for any run. That the shards are all of one whole is checked
//! twice: by what their runs are about, and by their counts, for the records of all must be what each one saw in all.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::import_error::ImportError;
use super::output::Output;
use crate::account::{InputProgress, Ledger};
use crate::cli::MergeArguments;
use crate::exit::ExitStatus;
use crate::files::{create_private_directory, put_private};
use crate::index::Duplicates;
use crate::journal::{
    Ending, FirstPassRecord, Journal, JournalError, Lock, RunDirectory, RunRecord, Settled, rejects_path,
};
use crate::passwords::PasswordsReport;
use crate::report::{Console, LogFormat, RunDetails};
use crate::source::Shard;

/// How many shards are named that are not there or not done.
const NAMED: usize = 20;

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
    #[error(transparent)]
    Journal(#[from] JournalError),
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

/// A shard's run.
struct Part {
    shard: Shard,
    directory: RunDirectory,
    record: RunRecord,
}

/// What a merge takes from a shard's own report: what is in no journal.
#[derive(Deserialize)]
struct ShardAccount {
    shard: OfWhole,
    inputs: Vec<InputProgress>,
    not_asked: u64,
    requests: Requests,
    elapsed_seconds: f64,
}

#[derive(Deserialize)]
struct OfWhole {
    left_to_others: u64,
}

#[derive(Deserialize)]
struct Requests {
    sent: u64,
    retries: u64,
    throttled: u64,
}

/// Puts the shards together that were named, and those of the same import beside them; without any name, those of the newest
/// one.
pub fn merge_runs(arguments: &MergeArguments, runs: &Path) -> Result<ExitStatus, MergeError> {
    let parts = find(&arguments.runs, runs)?;
    let (Some(first), Some((_, last))) = (parts.values().next(), parts.last_key_value()) else {
        return Err(MergeError::NoShards(runs.to_path_buf()));
    };
    check_finished(&parts, last.shard)?;
    check_bytes(&parts)?;
    let directory = runs.join(merged_name(first));
    create_private_directory(&directory).map_err(|source| MergeError::Io { path: directory.clone(), source })?;
    let accounts = parts.values().map(account).collect::<Result<Vec<_>, _>>()?;
    check_sums(&parts, &accounts)?;
    let rejects = write_rejects(&directory.join("rejects.ndjson"), &parts, &accounts)?;
    let mut merged = accounts.into_iter().map(|(ledger, _)| ledger).reduce(Ledger::with).unwrap_or_else(empty);
    merged.set_rejects_files(rejects.into_iter().collect());
    let report = directory.join("report.json");
    let details = RunDetails {
        shards: parts.values().map(|part| part.record.id.clone()).collect(),
        rejects_of: first.record.rejects_of.clone(),
        passwords: passwords(first)?,
        target: Some(first.record.target.clone()),
        report_file: Some(report.display().to_string()),
        ..RunDetails::default()
    };
    Ok(Output::new(arguments.output, Console::new(LogFormat::Text, arguments.quiet)).report(
        &merged,
        &details,
        Some(&report),
    )?)
}

fn empty() -> Ledger {
    Ledger::new(&[], true)
}

/// `20261123T091500Z-3f9a-merged`, after the run of the first shard.
fn merged_name(first: &Part) -> String {
    let part = format!("-{}of{}", first.shard.number(), first.shard.of());
    format!("{}-merged", first.record.id.strip_suffix(&part).unwrap_or(&first.record.id))
}

/// The runs to be put together, by their shards' numbers.
fn find(named: &[String], runs: &Path) -> Result<BTreeMap<u32, Part>, MergeError> {
    let failed = |source| MergeError::Io { path: runs.to_path_buf(), source };
    let listed = RunDirectory::list(runs).map_err(failed)?;
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for name in named {
        let known = listed.iter().find(|(_, record)| record.id == *name).cloned();
        let run = known.map_or_else(|| RunDirectory::open(PathBuf::from(name)), Ok);
        let part = Part::of(run.map_err(|_| MergeError::NoRun(name.clone()))?)?;
        if let Some(first) = parts.values().next() {
            part.check_same_whole(first)?;
        }
        if let Some(other) = parts.get(&part.shard.number()).filter(|other| other.record.id != part.record.id) {
            let (one, other) = (other.record.id.clone(), part.record.id);
            return Err(MergeError::Twice { one, other, shard: part.shard });
        }
        parts.insert(part.shard.number(), part);
    }
    // The newest come first.
    let mut whole = parts.values().next().map(|part| part.record.whole_digest());
    for run in listed {
        let Ok(part) = Part::of(run) else { continue };
        if *whole.get_or_insert_with(|| part.record.whole_digest()) == part.record.whole_digest() {
            parts.entry(part.shard.number()).or_insert(part);
        }
    }
    Ok(parts)
}

impl Part {
    fn of((directory, record): (RunDirectory, RunRecord)) -> Result<Self, MergeError> {
        let shard = record.shard.as_deref().and_then(|shard| shard.parse().ok());
        let shard = shard.ok_or_else(|| MergeError::NotAShard(record.id.clone()))?;
        Ok(Self { shard, directory, record })
    }

    fn check_same_whole(&self, other: &Self) -> Result<(), MergeError> {
        let differences = self.record.differences(&other.record);
        if differences.is_empty() {
            return Ok(());
        }
        let (one, other) = (other.record.id.clone(), self.record.id.clone());
        Err(MergeError::Different { one, other, what: differences.join(", ") })
    }

    /// Why it is not done; `None` if it is.
    fn is_unfinished(&self) -> Option<&'static str> {
        match &self.directory {
            directory if Lock::is_held(&directory.lock()) => Some("is under way"),
            directory if directory.is_undone() => Some("was undone"),
            directory if !directory.is_finished() => Some("did not come to its end"),
            _ => None,
        }
    }

    fn inconsistent(&self, what: &'static str, problem: String) -> MergeError {
        MergeError::Inconsistent { run: self.record.id.clone(), what, problem }
    }
}

/// Names the shards that are not there, or not done.
fn check_finished(parts: &BTreeMap<u32, Part>, of: Shard) -> Result<(), MergeError> {
    let of = of.of();
    let problem = |number: u32| match parts.get(&number) {
        None => Some(format!("\n  shard {number}/{of} has no run")),
        Some(part) => part.is_unfinished().map(|why| format!("\n  shard {number}/{of}: run {} {why}", part.record.id)),
    };
    let mut problems: Vec<String> = (1..=of.get()).filter_map(problem).take(NAMED + 1).collect();
    if problems.is_empty() {
        return Ok(());
    }
    if problems.len() > NAMED {
        problems.truncate(NAMED);
        problems.push("\n  and more".to_owned());
    }
    Err(MergeError::Unfinished(problems.concat()))
}

/// All shards read the same bytes. Their runs were compared by samples of the inputs; only reading them tells for sure.
fn check_bytes(parts: &BTreeMap<u32, Part>) -> Result<(), MergeError> {
    let mut first: Option<(&Part, FirstPassRecord)> = None;
    for part in parts.values() {
        let path = part.directory.first_pass();
        let read = FirstPassRecord::read(&part.directory).map_err(|source| MergeError::Io { path, source })?;
        let Some(record) = read else { continue };
        match &first {
            None => first = Some((part, record)),
            Some((_, other)) if other.is_same_content(&record) => {}
            Some((other, _)) => {
                let (one, other) = (other.record.id.clone(), part.record.id.clone());
                return Err(MergeError::Different { one, other, what: "inputs".to_owned() });
            }
        }
    }
    Ok(())
}

/// What became of a shard's records, and how many records it saw in all.
fn account(part: &Part) -> Result<(Ledger, u64), MergeError> {
    let path = part.directory.report();
    let text = std::fs::read(&path).map_err(|source| MergeError::Io { path, source })?;
    let account: ShardAccount =
        serde_json::from_slice(&text).map_err(|error| part.inconsistent("the report", error.to_string()))?;
    let ShardAccount { shard, inputs, not_asked, requests, elapsed_seconds } = account;
    let mut ledger = Ledger::of_inputs(inputs, true);
    let (inputs, duplicates) = (part.record.inputs.len(), Duplicates::open(&part.directory.duplicates()).ok());
    let replayed = |settled: &Settled| ledger.replayed(settled, duplicates.as_ref());
    let (journal, rejects) = (part.directory.journal(), part.directory.rejects());
    let (ending, rejects_files) = Journal::read_with_rejects(&journal, &rejects, inputs, replayed)?;
    if ending != Ending::Finished {
        return Err(part.inconsistent("the journal", "it has no end".to_owned()));
    }
    // Replaying a journal is how this account is made: that is no earlier part of a run.
    ledger.continued_records = 0;
    if let Some(found) = &duplicates {
        let path = part.directory.duplicates();
        ledger.name_sharing(found, Some(part.shard)).map_err(|source| MergeError::Io { path, source })?;
    }
    if ledger.rejected() > 0 {
        ledger.set_rejects_files(rejects_files);
    }
    ledger.not_asked = not_asked;
    (ledger.requests, ledger.retries, ledger.throttled) = (requests.sent, requests.retries, requests.throttled);
    ledger.elapsed = Duration::try_from_secs_f64(elapsed_seconds).unwrap_or_default();
    let seen = ledger.counts().read + shard.left_to_others;
    Ok((ledger, seen))
}

/// All shards saw the same number of records, and together they took as many.
fn check_sums(parts: &BTreeMap<u32, Part>, accounts: &[(Ledger, u64)]) -> Result<(), MergeError> {
    let taken: u64 = accounts.iter().map(|(ledger, _)| ledger.counts().read).sum();
    match parts.values().zip(accounts).find(|(_, (_, seen))| *seen != taken) {
        None => Ok(()),
        Some((part, (_, seen))) => {
            Err(part
                .inconsistent("the account", format!("it saw {seen} records, and all shards together took {taken}")))
        }
    }
}

/// Writes the rejects of all shards one behind the other, and says where. No rejects, no file. They take the place of those
/// of an earlier merge, unless somebody changed these.
fn write_rejects(
    first: &Path,
    parts: &BTreeMap<u32, Part>,
    accounts: &[(Ledger, u64)],
) -> Result<Option<PathBuf>, MergeError> {
    let failed = |source| MergeError::Io { path: first.to_path_buf(), source };
    let path = rejects_path(first).map_err(failed)?;
    let with_rejects: Vec<_> = parts.values().zip(accounts).filter(|(_, (ledger, _))| ledger.rejected() > 0).collect();
    if with_rejects.is_empty() {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(None),
        };
    }
    if path != first {
        tracing::warn!(
            "somebody changed `{}`, so it stays as it is; the rejects are in `{}`",
            first.display(),
            path.display()
        );
    }
    let written = put_private(&path, |file| {
        let mut file = BufWriter::new(file);
        for (part, (ledger, _)) in with_rejects {
            let mut lines = 0;
            for path in ledger.rejects_files() {
                lines += copy_lines(path, &mut file)?;
            }
            if lines != ledger.rejected() {
                let problem = format!("{lines} lines for {} rejects", ledger.rejected());
                return Ok(Err(part.inconsistent("the rejects file", problem)));
            }
        }
        file.flush().map(Ok)
    });
    written.map_err(failed)??;
    Ok(Some(path))
}

/// Copies a file and counts its lines. A line may be of any length.
fn copy_lines(from: &Path, to: &mut impl Write) -> io::Result<u64> {
    let (mut file, mut buffer, mut lines) = (File::open(from)?, vec![0; 1 << 16], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..count]).count() as u64;
        to.write_all(&buffer[..count])?;
    }
}

/// The account of the joined passwords. Each shard goes through the whole input for it, so each one's is that of all.
fn passwords(part: &Part) -> Result<Option<PasswordsReport>, MergeError> {
    if part.record.passwords.is_none() {
        return Ok(None);
    }
    let path = part.directory.passwords();
    let text = std::fs::read(&path).map_err(|source| MergeError::Io { path, source })?;
    let report = serde_json::from_slice(&text);
    report.map(Some).map_err(|error| part.inconsistent("the account of the passwords", error.to_string()))
}
