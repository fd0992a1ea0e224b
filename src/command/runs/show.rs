//! `avnology migrate clerk runs show`: one run in full.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::io;
use std::path::Path;

use serde::Serialize;

use super::list::{age, write_list};
use super::listed_run::{ListedRun, RunState};
use super::runs_error::RunsError;
use crate::account::{CodeCount, Ledger};
use crate::cli::OutputFormat;
use crate::human::{count, size};
use crate::journal::{Ended, FirstPassRecord, MergedRecord, RunDirectory};
use crate::mapping::{Notice, NoticeKind, RejectCode};
use crate::report::{StdoutError, print_json, print_wrapped, write_findings};
use crate::settings::{RecordedRun, ShowSettings};

/// A run in full.
#[derive(Serialize)]
struct ShownRun<'a> {
    #[serde(flatten)]
    listed: &'a ListedRun,
    /// SHA-256 of the inputs, in order, as far as they are known.
    digests: Vec<String>,
    rejected_by_code: &'a BTreeMap<RejectCode, CodeCount>,
    warnings: BTreeMap<Notice, u64>,
    left_behind: BTreeMap<Notice, u64>,
    at_target: BTreeMap<Notice, u64>,
    password_resets: u64,
    /// Of the last part of the run that came to an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_part: Option<LastPart>,
    directory: String,
    /// Files that hold personal data.
    personal_files: Vec<String>,
    /// The next command to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// How the last part of a run went that came to an end.
#[derive(Serialize)]
struct LastPart {
    seconds: f64,
    requests: u64,
    retries: u64,
    throttled: u64,
    requests_per_second: f64,
}

impl LastPart {
    #[expect(clippy::cast_precision_loss, reason = "rates are for display")]
    fn of(ended: &Ended) -> Self {
        let Ended { requests, retries, throttled, milliseconds, .. } = *ended;
        let seconds = milliseconds as f64 / 1000.0;
        let per_second = if seconds > 0.0 { requests as f64 / seconds } else { 0.0 };
        Self { seconds, requests, retries, throttled, requests_per_second: (per_second * 10.0).round() / 10.0 }
    }
}

/// Prints one run in full, or the account of several shards with these.
pub fn show_run(settings: &ShowSettings) -> Result<(), RunsError> {
    let looked: Vec<(RecordedRun, ListedRun, Ledger)> = settings
        .runs
        .iter()
        .map(|run| {
            let (listed, ledger) = ListedRun::of(&run.directory, run.record.clone());
            (run.clone(), listed, ledger)
        })
        .collect();
    let merged = settings.runs_directory.join(&settings.run);
    if MergedRecord::read(&merged).is_some() {
        let parts: Vec<&ListedRun> = looked.iter().map(|(_, listed, _)| listed).collect();
        let Some(whole) = ListedRun::merged(settings.run.clone(), &merged, &parts) else { return Ok(()) };
        return show_merged(whole, looked.into_iter().map(|(_, listed, _)| listed), settings);
    }
    let Some((run, listed, ledger)) = looked.first() else { return Ok(()) };
    let shown = shown(&run.directory, listed, ledger);
    match settings.format {
        OutputFormat::Json => print_json(&shown)?,
        OutputFormat::Text => print_all(|out| write(out, &shown, ledger))?,
    }
    Ok(())
}

fn show_merged(
    whole: ListedRun,
    parts: impl Iterator<Item = ListedRun>,
    settings: &ShowSettings,
) -> Result<(), RunsError> {
    let all: Vec<ListedRun> = std::iter::once(whole).chain(parts).collect();
    match settings.format {
        OutputFormat::Json => print_json(&all)?,
        OutputFormat::Text => print_all(|out| write_list(out, &all))?,
    }
    Ok(())
}

fn print_all(write: impl FnOnce(&mut String) -> fmt::Result) -> Result<(), StdoutError> {
    let mut text = String::new();
    write(&mut text).map_err(|error| StdoutError::from(io::Error::other(error)))?;
    print_wrapped(&text)
}

fn shown<'a>(directory: &RunDirectory, listed: &'a ListedRun, ledger: &'a Ledger) -> ShownRun<'a> {
    let first = FirstPassRecord::read(directory).ok().flatten();
    let names = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ShownRun {
        listed,
        digests: first.into_iter().flat_map(|first| first.inputs).map(|input| input.digest.sha256).collect(),
        rejected_by_code: ledger.rejected_by_code(),
        warnings: ledger.notices(NoticeKind::Warning),
        left_behind: ledger.notices(NoticeKind::LeftBehind),
        at_target: ledger.notices(NoticeKind::AtTarget),
        password_resets: ledger.password_resets,
        last_part: directory.journalled_end().as_ref().map(LastPart::of),
        directory: directory.path().display().to_string(),
        personal_files: directory.personal_files().unwrap_or_default().iter().map(|path| names(path)).collect(),
        next: next(directory, listed),
    }
}

/// The next command to type, if there is one.
fn next(directory: &RunDirectory, listed: &ListedRun) -> Option<String> {
    let id = &listed.record.id;
    let rejected = listed.counts.is_some_and(|counts| counts.rejected > 0);
    match listed.state {
        RunState::Undoing => Some(format!("avnology migrate clerk undo {id}")),
        RunState::Interrupted if listed.record.can_be_known_again() => {
            Some(format!("avnology migrate clerk resume {id}"))
        }
        RunState::Finished if rejected && directory.rejects().exists() => Some(format!(
            "avnology migrate clerk --import {} (mend the records in it before)",
            directory.rejects().display()
        )),
        RunState::Finished => {
            let inputs: Vec<&str> = listed.record.inputs.iter().map(|input| input.path.as_str()).collect();
            Some(format!("avnology migrate clerk verify --import {}", inputs.join(" ")))
        }
        RunState::Running | RunState::Interrupted | RunState::Undone | RunState::Pruned | RunState::Damaged => None,
    }
}

fn write(out: &mut String, shown: &ShownRun<'_>, ledger: &Ledger) -> fmt::Result {
    let ShownRun { listed, digests, last_part, directory, personal_files, next, .. } = shown;
    let record = &listed.record;
    writeln!(out, "Run {}: {}", record.id, format!("{:?}", listed.state).to_lowercase())?;
    let mut line = |name: &str, value: &str| writeln!(out, "  {name:<14} {value}");
    line("began", &format!("{} ({} ago), by version {}", record.started, age(record), record.version))?;
    line("target", &record.target)?;
    let digests = digests.iter().map(Some).chain(std::iter::repeat(None));
    for (input, digest) in record.inputs.iter().chain(&record.passwords).zip(digests) {
        let bytes = input.fingerprint.as_ref().map(|file| format!(" ({})", size(file.bytes))).unwrap_or_default();
        line("input", &format!("{}{bytes}", input.path))?;
        digest.map_or(Ok(()), |digest| line("  SHA-256", digest))?;
    }
    if let Some(run) = &record.rejects_of {
        line("mends", &format!("rejects of {run}"))?;
    }
    for (name, value) in record.settings() {
        if !matches!(value, serde_json::Value::Null | serde_json::Value::Bool(false)) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line(&name.replace('_', "-"), &value)?;
        }
    }
    if let Some(LastPart { seconds, requests, retries, throttled, requests_per_second }) = last_part {
        line(
            "last part",
            &format!(
                "{seconds} s, {requests} requests ({requests_per_second}/s, {retries} further attempts, {throttled} refused)"
            ),
        )?;
    }
    line("directory", &format!("{directory} ({})", size(listed.disk_bytes)))?;
    if !personal_files.is_empty() {
        line("personal data", &format!("in {}", personal_files.join(", ")))?;
    }
    if let Some(undone) = listed.undone {
        let known = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), count);
        let (deleted, kept, left) = (known(undone.deleted), known(undone.kept), known(undone.left));
        line("undone", &format!("{deleted} deleted, {kept} kept, {left} left"))?;
    }
    match listed.counts {
        Some(counts) => write_findings(out, ledger, &counts)?,
        None => writeln!(out, "\nWhat became of its records is not known.")?,
    }
    next.as_ref().map_or(Ok(()), |next| writeln!(out, "\nNext: {next}"))
}
