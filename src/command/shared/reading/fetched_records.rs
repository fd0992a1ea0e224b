//! Records that the program itself fetched from Clerk's API, in a directory of its own: for an import, and for a command that keeps
//! nothing.
//!
//! Nothing is sent before all records are known: one of them may be in a list twice, and a list is never the same again. So
//! they are in files until their import is finished, compressed and for the owner only, and an import that is interrupted goes
//! on with the same bytes.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::super::command_error::CommandError;
use super::super::export_command_error::ExportCommandError;
use super::super::run_start_error::RunStartError;
use super::export_from_clerk::{calls, read_tenant, take_directory};
use crate::exit::ExitStatus;
use crate::export::{ExportDirectory, ExportState, ExportedFile, Exporter, Manifest};
use crate::human::plural;
use crate::journal::{Lock, RunDirectory};
use crate::settings::{ExportSettings, ImportSettings, ReadingSettings};
use crate::signal::Signals;

/// For how many hours what was read is of use to an import that has sent nothing of it yet. That is less than a day: a nightly job
/// does not import what the night before read.
const HOURS_OF_USE: i64 = 20;

/// Records that are only for one command.
pub(in crate::command) struct PassingRecords {
    manifest: Manifest,
    kept: PassingDirectory,
}

/// A directory that is only for one command.
struct PassingDirectory {
    directory: ExportDirectory,
    _lock: Lock,
}

impl PassingRecords {
    /// What is to be read, now that it is known what there is.
    pub(in crate::command) fn those_of(&self, reading: &ReadingSettings) -> Result<ReadingSettings, CommandError> {
        those_of(&self.manifest, &self.kept.directory, reading.clone())
    }
}

impl Drop for PassingDirectory {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

/// Reads records for a command that keeps none, if they come from Clerk. They are gone when what is returned is.
pub(in crate::command) async fn read_for_now(
    settings: Option<&ExportSettings>,
    signals: &mut Signals,
) -> Result<Option<PassingRecords>, CommandError> {
    let Some(settings) = settings else { return Ok(None) };
    // From here on it is removed in any case.
    let lock = take_directory(&settings.directory)?;
    let kept = PassingDirectory { directory: settings.directory.clone(), _lock: lock };
    let manifest = read(settings, signals).await?;
    Ok(Some(PassingRecords { manifest, kept }))
}

/// Reads the records for an import, if they come from Clerk, or goes on with those that an interrupted one read. The settings
/// know afterwards what there is. What is returned keeps other processes away from it.
pub(in crate::command) async fn fetch(
    settings: &mut ImportSettings,
    signals: &mut Signals,
) -> Result<Option<Lock>, CommandError> {
    let Some(from_clerk) = &settings.from_clerk else { return Ok(None) };
    let directory = &from_clerk.directory;
    let lock = take_directory(directory)?;
    let manifest = Manifest::read(directory).map_err(ExportCommandError::from)?;
    let manifest = match manifest.filter(|_| !from_clerk.new) {
        Some(manifest) if has_all(&manifest, from_clerk) && !is_used_up(&manifest, from_clerk, settings)? => {
            go_on_with(&manifest, from_clerk, signals).await?;
            manifest
        }
        Some(_) => read_anew(from_clerk, signals).await?,
        None => read_on(from_clerk, signals).await?,
    };
    settings.reading = those_of(&manifest, directory, settings.reading.clone())?;
    Ok(Some(lock))
}

/// What is to be read of what was read from Clerk: an instance need not have organizations, for example.
fn those_of(
    manifest: &Manifest,
    directory: &ExportDirectory,
    reading: ReadingSettings,
) -> Result<ReadingSettings, CommandError> {
    let reading = reading.that_is_there(directory, manifest);
    if reading.inputs.is_empty() { Err(ExportCommandError::NothingThere.into()) } else { Ok(reading) }
}

/// Whether all kinds that are wanted now were asked for, and are there as they were read.
fn has_all(manifest: &Manifest, settings: &ExportSettings) -> bool {
    settings.plan.kinds.iter().all(|kind| {
        let is_whole = |file: &ExportedFile| file.checked_in(settings.directory.path()).is_ok();
        let is_there = manifest.files.iter().any(|file| file.kind == *kind && is_whole(file));
        is_there || manifest.missing.iter().any(|missing| missing.kind == *kind)
    })
}

/// Removes the records whose import is finished. If that fails, the next import removes them.
pub(in crate::command) fn forget_fetched(settings: &ImportSettings) {
    let Some(directory) = settings.kept_from_clerk() else { return };
    let is_over = Manifest::read(&directory).ok().flatten().is_some_and(|manifest| {
        newest_run(&manifest, &directory, settings).ok().flatten().is_some_and(|run| run.is_finished())
    });
    if is_over {
        remove(&directory);
    }
}

fn remove(directory: &ExportDirectory) {
    if let Err(error) = directory.remove() {
        tracing::warn!(%error, "what was read from Clerk into `{}` cannot be removed; remove the directory", directory.path().display());
    }
}

async fn read_anew(settings: &ExportSettings, signals: &mut Signals) -> Result<Manifest, ExportCommandError> {
    read(&ExportSettings { new: true, ..settings.clone() }, signals).await
}

/// Reads the records, or goes on where an earlier import was interrupted while it read, unless that was long ago.
async fn read_on(settings: &ExportSettings, signals: &mut Signals) -> Result<Manifest, ExportCommandError> {
    let begun = if settings.new { None } else { ExportState::read(&settings.directory)? };
    let Some(begun) = begun else { return read(settings, signals).await };
    if is_old(begun.started) {
        note_old(begun.started, settings);
        return read_anew(settings, signals).await;
    }
    note_going_on(begun.started, settings);
    read(settings, signals).await
}

/// Whether what was read since then is too old to be imported: who was changed at Clerk meanwhile would get the old data, and who was
/// deleted there, or lost a role, would have it again.
fn is_old(started: Timestamp) -> bool {
    Timestamp::now().duration_since(started) > SignedDuration::from_hours(HOURS_OF_USE)
}

fn note_old(started: Timestamp, settings: &ExportSettings) {
    settings.output.console.note(&format!(
        "What was read from Clerk since {} is more than {HOURS_OF_USE} hours old; it is read anew.",
        started.strftime("%F %T UTC")
    ));
}

fn note_going_on(started: Timestamp, settings: &ExportSettings) {
    settings.output.console.note(&format!(
        "Going on with what was read from Clerk since {}; --new-run reads it anew.",
        started.strftime("%F %T UTC")
    ));
}

async fn read(settings: &ExportSettings, signals: &mut Signals) -> Result<Manifest, ExportCommandError> {
    let console = settings.output.console;
    console.note("Reading from Clerk …");
    let (manifest, _) = read_tenant(settings, signals).await?;
    let records: u64 = manifest.files.iter().map(|file| file.records).sum();
    console.note(&format!(
        "Read {} from Clerk, {}.",
        plural(records, "record"),
        plural(manifest.requests.sent, "request")
    ));
    for difference in &manifest.differences {
        let (found, counted) = (difference.found, difference.counted);
        let kind = difference.kind.name();
        tracing::warn!(kind, found, counted, "Clerk counts more than it lists, however often the list is read");
    }
    Ok(manifest)
}

/// An import that was interrupted goes on with what it read, as long as that is of the same instance.
async fn go_on_with(
    manifest: &Manifest,
    settings: &ExportSettings,
    signals: &mut Signals,
) -> Result<(), ExportCommandError> {
    let calls = calls(settings)?;
    tokio::select! {
        checked = Exporter::check(&calls, &settings.directory, manifest) => checked?,
        signal = signals.next() => return Err(ExportCommandError::Interrupted(signal)),
    }
    note_going_on(manifest.started, settings);
    Ok(())
}

/// Whether the records that are there have been dealt with: their import came to its end, or was refused because of them; or they are
/// too old, and nothing was sent of them yet.
fn is_used_up(
    manifest: &Manifest,
    from_clerk: &ExportSettings,
    settings: &ImportSettings,
) -> Result<bool, CommandError> {
    let run = newest_run(manifest, &from_clerk.directory, settings)?;
    if is_old(manifest.started) && run.as_ref().is_none_or(RunDirectory::has_sent_nothing) {
        note_old(manifest.started, from_clerk);
        return Ok(true);
    }
    let Some(run) = run else { return Ok(false) };
    let refused = [ExitStatus::Input, ExitStatus::TooManyErrors].map(ExitStatus::code);
    let is_refused = || run.journalled_end().is_some_and(|ended| refused.contains(&ended.exit_code));
    Ok(run.is_finished() || run.ended_on_its_input() || (run.has_sent_nothing() && is_refused()))
}

/// The newest run that began since these records were read and is about some of them.
fn newest_run(
    manifest: &Manifest,
    directory: &ExportDirectory,
    settings: &ImportSettings,
) -> Result<Option<RunDirectory>, CommandError> {
    let failed = |source| RunStartError::Io { path: settings.runs_directory.clone(), source };
    // As runs have the paths of their inputs.
    let directory = std::path::absolute(directory.path()).map_err(failed)?;
    let is_one_of_them = |path: &Path| {
        let is_file = |file: &ExportedFile| path.file_name().is_some_and(|name| *name == *file.file);
        path.parent() == Some(&directory) && manifest.files.iter().any(is_file)
    };
    let runs = RunDirectory::list(&settings.runs_directory).map_err(failed)?;
    let found = runs.into_iter().find(|(_, record)| {
        let began = record.started.parse::<Timestamp>().is_ok_and(|started| started >= manifest.finished);
        began && record.inputs.iter().any(|input| is_one_of_them(Path::new(&input.path)))
    });
    Ok(found.map(|(directory, _)| directory))
}
