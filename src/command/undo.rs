//! `avnology migrate clerk undo`: deletes exactly what one run created.
//!
//! What the run created is in its journal. Each of these identities is read back before it is deleted: one that is not
//! the run's own any more, or that was changed since, is kept. Undoing again goes on where it broke off, for what is
//! deleted already is not found again.

use std::fmt::{self, Write as _};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use serde::Serialize;
use tokio::sync::mpsc;

use super::import_error::ImportError;
use super::progress::begin;
use super::target::{Target, at_target, connect};
use crate::avnology::{Comparable, MAX_PAGE, Paced, TargetError, preflight_reading};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::journal::{Ending, Journal, JournalError, KnownUsers, Lock, LockError, Outcome, RunDirectory, RunRecord};
use crate::pace::Pace;
use crate::report::{StdoutError, print_json};
use crate::settings::{ImportSettings, WhichRun};
use crate::signal::{Signal, Signals};

/// Why a run is not undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The run, or another one into its target, is under way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Its journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files and directories.
    #[error("cannot use the run's directory: {0}")]
    Io(#[from] io::Error),
    /// Some of its requests were never answered.
    #[error(
        "the answers to some requests of run {0} are not known; finish it first with `avnology migrate clerk resume {0}`"
    )]
    InDoubt(String),
    /// A signal came while identities were deleted.
    #[error("interrupted by {0}; the same command goes on where it was left")]
    Interrupted(Signal),
    /// Nobody said yes.
    #[error("not confirmed; nothing was deleted (--yes says so without a terminal)")]
    NotConfirmed,
}

/// What became of the identities that the run created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    created: u64,
    deleted: u64,
    gone_already: u64,
    kept_changed: u64,
    kept_not_ours: u64,
    failed: u64,
}

impl Counts {
    /// Those that somebody has to look at.
    fn kept(&self) -> u64 {
        self.kept_changed + self.kept_not_ours + self.failed
    }
}

/// An identity as the journal knows it.
struct Created {
    external_id: String,
    id: Option<String>,
}

/// Deletes what a run created, after asking.
pub async fn undo(settings: ImportSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    at_target(&settings, async |target| undo_at(target, &settings, signals).await).await
}

async fn undo_at(target: Target, settings: &ImportSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    let WhichRun::Named(id) = &settings.which_run else { return Ok(ExitStatus::Usage) };
    let (directory, record) = RunDirectory::open(settings.runs_directory.join(id)).map_err(UndoError::Io)?;
    let _locks = [
        Lock::take_target(&settings.locks, &record.target, "undo").map_err(UndoError::Lock)?,
        Lock::take(&directory.lock(), "undo").map_err(UndoError::Lock)?,
    ];
    begin(settings, Some(id));
    let created = count_created(&directory, &record)?;
    if !settings.undo.confirmed && !confirm(&record, created) {
        return Err(UndoError::NotConfirmed.into());
    }
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight_reading).await?;
    let target = Paced::new(client, capabilities.batch, Pace::new(&settings.pace), settings.retry);
    // Before anything is deleted: nobody must be taken to be there any more.
    KnownUsers::forget(&settings.runs_directory, &record.target).map_err(UndoError::Io)?;
    directory.mark_undone(false).map_err(UndoError::Io)?;
    let mut counts = Counts { created, ..Counts::default() };
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(UndoError::Interrupted(signal).into()),
        ended = delete_all(&target, &directory, &record, settings.undo.force, &mut counts) => ended,
    };
    let printed = print(&record, &counts, settings);
    ended?;
    directory.mark_undone(true).map_err(UndoError::Io)?;
    printed?;
    Ok(if counts.kept() > 0 { ExitStatus::Rejected } else { ExitStatus::Success })
}

fn count_created(directory: &RunDirectory, record: &RunRecord) -> Result<u64, UndoError> {
    let mut created = 0;
    let ending = Journal::read(&directory.journal(), record.inputs.len(), |settled| {
        created += u64::from(matches!(settled.outcome, Outcome::Created { .. }));
    })?;
    // Once it has begun to be undone, what was in doubt does not matter any more.
    if ending == Ending::InDoubt && !directory.is_undone() {
        return Err(UndoError::InDoubt(record.id.clone()));
    }
    Ok(created)
}

/// Shows what is at stake and asks, if there is somebody to ask.
fn confirm(record: &RunRecord, created: u64) -> bool {
    let (stdin, mut stderr) = (io::stdin(), anstream::stderr());
    if !stdin.is_terminal() {
        return false;
    }
    let RunRecord { id, started, target, .. } = record;
    let asked = write!(stderr, "Run {id} of {started} created {created} identities at {target}.\nDelete them? [y/N] ");
    let mut answer = String::new();
    asked.and_then(|()| stderr.flush()).is_ok()
        && stdin.lock().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

async fn delete_all(
    target: &Paced,
    directory: &RunDirectory,
    record: &RunRecord,
    force: bool,
    counts: &mut Counts,
) -> Result<(), ImportError> {
    let (pages, mut waiting) = mpsc::channel(4);
    let (path, inputs) = (directory.journal(), record.inputs.len());
    let reading = tokio::task::spawn_blocking(move || read_created(&path, inputs, &pages));
    while let Some(page) = waiting.recv().await {
        delete_page(target, &page, force, counts).await?;
    }
    match reading.await {
        Ok(read) => Ok(read.map_err(UndoError::Journal)?),
        Err(error) => Err(UndoError::Io(io::Error::other(error)).into()),
    }
}

/// Sends what the journal says was created, a page at a time.
fn read_created(path: &Path, inputs: usize, pages: &mpsc::Sender<Vec<Created>>) -> Result<(), JournalError> {
    let mut page = Vec::with_capacity(MAX_PAGE);
    Journal::read(path, inputs, |settled| {
        if let Outcome::Created { external_id, id } = &settled.outcome {
            page.push(Created { external_id: external_id.clone(), id: id.clone() });
            if page.len() == MAX_PAGE {
                // Nobody listens any more when undoing was interrupted.
                drop(pages.blocking_send(std::mem::take(&mut page)));
            }
        }
    })?;
    if !page.is_empty() {
        drop(pages.blocking_send(page));
    }
    Ok(())
}

/// Reads a page of identities back and deletes those that are still as the run made them.
async fn delete_page(target: &Paced, page: &[Created], force: bool, counts: &mut Counts) -> Result<(), TargetError> {
    let external_ids: Vec<&str> = page.iter().map(|created| created.external_id.as_str()).collect();
    let bodies = target.read_back(&external_ids).await?;
    let found = Comparable::by_external_id(&bodies);
    let mut doomed = Vec::new();
    for created in page {
        let Some(identity) = found.get(created.external_id.as_str()) else {
            counts.gone_already += 1;
            continue;
        };
        match identity.id.as_deref() {
            // Somebody else made this one, after ours was deleted.
            Some(id) if created.id.as_deref().is_some_and(|ours| ours != id) => counts.kept_not_ours += 1,
            Some(_) if !force && !identity.is_as_created() => counts.kept_changed += 1,
            Some(id) => doomed.push(id),
            None => counts.kept_not_ours += 1,
        }
    }
    for deleted in target.delete(&doomed).await? {
        *(if deleted { &mut counts.deleted } else { &mut counts.failed }) += 1;
    }
    Ok(())
}

fn print(record: &RunRecord, counts: &Counts, settings: &ImportSettings) -> Result<(), StdoutError> {
    #[derive(Serialize)]
    struct Report<'a> {
        run: &'a str,
        target: &'a str,
        counts: &'a Counts,
    }
    let report = Report { run: &record.id, target: &record.target, counts };
    let printed = if settings.output == OutputFormat::Json { print_json(&report) } else { Ok(()) };
    let kept = counts.kept();
    let exceptions = (kept > 0).then(|| format!("{kept} of {} identities were kept", counts.created));
    settings.console.account(|out| summary(out, record, counts), &report, exceptions.as_deref());
    printed
}

fn summary(out: &mut String, record: &RunRecord, counts: &Counts) -> fmt::Result {
    let Counts { created, deleted, gone_already, kept_changed, kept_not_ours, failed } = counts;
    writeln!(out, "Run {} had created {created} identities:\n", record.id)?;
    for (count, what) in [
        (deleted, "deleted"),
        (gone_already, "were gone already"),
        (kept_changed, "kept: changed since (--force deletes them too)"),
        (kept_not_ours, "kept: not the run's own any more"),
        (failed, "kept: the target did not delete them"),
    ] {
        if *count > 0 {
            writeln!(out, "  {count:>14} {what}")?;
        }
    }
    Ok(())
}
