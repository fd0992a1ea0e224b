//! `avnology migrate clerk runs show`: one run in full.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::list::{age, write_list};
use super::runs_error::RunsError;
use crate::cli::OutputFormat;
use crate::command::shared::run_overview::{RunOverview, RunState};
use crate::human::{count, duration, moment, plural, size};
use crate::journal::{Ended, FirstPassRecord, MergedRecord, RunDirectory, RunRecord};
use crate::mapping::{Notice, NoticeKind, RejectCode};
use crate::missing::MissingOfRun;
use crate::outcomes::{CodeCount, Ledger};
use crate::report::{StdoutError, print_json, print_wrapped, write_findings};
use crate::settings::{RunOnDisk, ShowSettings};
use crate::source::InputSum;

/// A run in full.
#[derive(Serialize)]
struct ShownRun<'a> {
    #[serde(flatten)]
    listed: &'a RunOverview,
    /// The sums of the inputs, in order, as far as they are known, each under the name of its kind.
    digests: Vec<InputSum>,
    rejected_by_code: &'a BTreeMap<RejectCode, CodeCount>,
    warnings: BTreeMap<Notice, u64>,
    left_behind: BTreeMap<Notice, u64>,
    at_target: BTreeMap<Notice, u64>,
    password_resets: u64,
    /// What it found and did about users who are no longer in the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingOfRun>,
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

/// The account of several shards, or one of these, for programs.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOfMerged<'a> {
    Whole(&'a ShownRun<'a>),
    Part(&'a RunOverview),
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
    let looked: Vec<(RunOnDisk, RunOverview, Ledger)> = settings
        .runs
        .iter()
        .map(|run| {
            let (listed, ledger) = RunOverview::of(&run.directory, run.record.clone());
            (run.clone(), listed, ledger)
        })
        .collect();
    let merged = settings.runs_directory.join(&settings.run);
    if MergedRecord::read(&merged).is_some() {
        return show_merged(&merged, looked, settings);
    }
    let Some((run, listed, ledger)) = looked.first() else { return Ok(()) };
    let shown = shown(&run.directory, listed, ledger);
    match settings.format {
        OutputFormat::Json => print_json(&shown)?,
        OutputFormat::Text => print_all(|out| write(out, &shown, ledger))?,
    }
    Ok(())
}

/// Prints the account of several shards in full, and below it the shards.
fn show_merged(
    directory: &Path,
    looked: Vec<(RunOnDisk, RunOverview, Ledger)>,
    settings: &ShowSettings,
) -> Result<(), RunsError> {
    let (mut parts, mut ledgers, mut digests) = (Vec::new(), Vec::new(), None);
    for (run, listed, ledger) in looked {
        digests.get_or_insert_with(|| FirstPassRecord::sums_of_inputs(&run.directory));
        parts.push(listed);
        ledgers.push(ledger);
    }
    let of_parts: Vec<&RunOverview> = parts.iter().collect();
    let Some(whole) = RunOverview::merged(settings.run.clone(), directory, &of_parts) else { return Ok(()) };
    let Some(ledger) = ledgers.into_iter().reduce(Ledger::with) else { return Ok(()) };
    let personal_files = MergedRecord::personal_files(directory).map_err(RunsError::read(directory))?;
    let is_rejects = |name: &str| name.starts_with("rejects") && name.ends_with(".ndjson");
    let rejects = personal_files.iter().find(|path| is_rejects(&name_of(path)));
    let shown = ShownRun {
        digests: digests.unwrap_or_default(),
        directory: directory.display().to_string(),
        personal_files: personal_files.iter().map(|path| name_of(path)).collect(),
        next: next(&whole, rejects),
        ..ShownRun::of_records(&whole, &ledger)
    };
    match settings.format {
        OutputFormat::Json => {
            let parts = parts.iter().map(OneOfMerged::Part);
            print_json(&std::iter::once(OneOfMerged::Whole(&shown)).chain(parts).collect::<Vec<_>>())?;
        }
        OutputFormat::Text => print_all(|out| {
            write(out, &shown, &ledger)?;
            writeln!(out, "\nMerged from:")?;
            write_list(out, &parts)
        })?,
    }
    Ok(())
}

fn print_all(write: impl FnOnce(&mut String) -> fmt::Result) -> Result<(), StdoutError> {
    let mut text = String::new();
    write(&mut text).map_err(|error| StdoutError::from(io::Error::other(error)))?;
    print_wrapped(&text)
}

impl<'a> ShownRun<'a> {
    /// What is known of its records alone.
    fn of_records(listed: &'a RunOverview, ledger: &'a Ledger) -> Self {
        Self {
            listed,
            digests: Vec::new(),
            rejected_by_code: ledger.rejected_by_code(),
            warnings: ledger.notices(NoticeKind::Warning),
            left_behind: ledger.notices(NoticeKind::LeftBehind),
            at_target: ledger.notices(NoticeKind::AtTarget),
            password_resets: ledger.password_resets,
            missing: None,
            last_part: None,
            directory: String::new(),
            personal_files: Vec::new(),
            next: None,
        }
    }
}

fn shown<'a>(directory: &RunDirectory, listed: &'a RunOverview, ledger: &'a Ledger) -> ShownRun<'a> {
    let missing = MissingOfRun::read(directory).unwrap_or_else(|error| {
        tracing::warn!(%error, "it is not known who was missing");
        None
    });
    ShownRun {
        digests: FirstPassRecord::sums_of_inputs(directory),
        missing,
        last_part: directory.journalled_end().as_ref().map(LastPart::of),
        directory: directory.path().display().to_string(),
        personal_files: directory.personal_files().unwrap_or_default().iter().map(|path| name_of(path)).collect(),
        next: next(listed, Some(&directory.rejects()).filter(|path| path.exists())),
        ..ShownRun::of_records(listed, ledger)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The next command to type, if there is one.
fn next(listed: &RunOverview, rejects: Option<&PathBuf>) -> Option<String> {
    let id = &listed.record.id;
    let rejected = listed.counts.is_some_and(|counts| counts.rejected > 0);
    match listed.state {
        RunState::Undoing => Some(format!("avnology migrate clerk undo {id}")),
        RunState::Interrupted if listed.record.can_be_known_again() => {
            Some(format!("avnology migrate clerk resume {id}"))
        }
        RunState::Finished => {
            if let Some(rejects) = rejects.filter(|_| rejected) {
                let rejects = rejects.display();
                return Some(format!("avnology migrate clerk --import {rejects} (mend the records in it before)"));
            }
            let inputs: Vec<&str> = listed.record.inputs.iter().map(|input| input.path.as_str()).collect();
            Some(format!("avnology migrate clerk verify --import {}", inputs.join(" ")))
        }
        RunState::Running | RunState::Interrupted | RunState::Undone | RunState::Pruned | RunState::Damaged => None,
    }
}

fn write(out: &mut String, shown: &ShownRun<'_>, ledger: &Ledger) -> fmt::Result {
    let ShownRun { listed, digests, missing, last_part, directory, personal_files, next, .. } = shown;
    let record = &listed.record;
    writeln!(out, "Run {}: {}", record.id, format!("{:?}", listed.state).to_lowercase())?;
    let mut line = |name: &str, value: &str| writeln!(out, "{}", format!("  {name:<16} {value}").trim_end());
    line("began", &format!("{} ({} ago), by version {}", moment(&record.started), age(record), record.version))?;
    line("target", &record.target)?;
    let sums = digests.iter().map(Some).chain(std::iter::repeat(None));
    for (input, sum) in record.inputs.iter().chain(&record.passwords).zip(sums) {
        let bytes = input.fingerprint.as_ref().map(|file| format!(" ({})", size(file.bytes))).unwrap_or_default();
        line("input", &format!("{}{bytes}", input.path))?;
        if let Some((name, digits)) = sum.map(InputSum::shown) {
            line(&format!("  {name} {digits}"), "")?;
        }
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
                "{}, {} ({requests_per_second}/s, {}, {} refused)",
                duration(Duration::from_secs_f64(*seconds)),
                plural(*requests, "request"),
                plural(*retries, "further attempt"),
                count(*throttled)
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
    if let Some(found) = missing {
        line("missing", &said_of(found, record))?;
    }
    match listed.counts {
        Some(counts) => write_findings(out, ledger, &counts)?,
        None => writeln!(out, "\nWhat became of its records is not known.")?,
    }
    next.as_ref().map_or(Ok(()), |next| writeln!(out, "\nNext: {next}"))
}

/// What a run found and did about users who are no longer in the export.
fn said_of(found: &MissingOfRun, record: &RunRecord) -> String {
    let MissingOfRun { missing, disabled, left, enabled } = *found;
    let done = [(disabled, "disabled"), (left, "left as they are"), (enabled, "back and enabled again")];
    let done = done.into_iter().filter(|(number, _)| *number > 0);
    let mut said = vec![format!("{} no longer in the export", plural(missing, "user"))];
    said.extend(done.map(|(number, what)| format!("{} {what}", count(number))));
    if missing > 0 {
        said.push(format!("`runs export {} --users missing` lists them", record.id));
    }
    said.join(", ")
}
