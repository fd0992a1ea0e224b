//! Finds the run that an import goes on with, or begins a new one.

mod wanted_run;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use wanted_run::wanted_run;

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::selecting::records_of;
use super::super::shared::run_start_error::RunStartError;
use crate::index::Duplicates;
use crate::journal::{
    Entry, FirstPassRecord, InputRecord, Journal, Lock, Progress, ReplayedJournal, RunDirectory, RunRecord, Settled,
};
use crate::outcomes::{Ledger, StopReason};
use crate::pipeline::ImportRun;
use crate::selection::RecordsOfRun;
use crate::settings::{ImportSettings, RunOnDisk, WhichRun};
use crate::signal::Signals;
use crate::source::{Input, InputDigest};

/// A run that is ready to go (on).
pub(super) struct PreparedRun {
    /// Its directory, and what it is about.
    pub run: RunOnDisk,
    /// Where it is kept what becomes of its records, and what became of them in earlier parts. Its duplicates are not known yet.
    pub import_run: ImportRun,
    pub part: RunPart,
    /// Which records of its inputs it takes.
    pub records: RecordsOfRun,
    /// Held until the run is over.
    pub locks: [Lock; 2],
}

/// Which part of its run an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunPart {
    /// The first one.
    First,
    /// A later one. `knows_all` if all that the run did before is in its journal.
    Later { knows_all: bool },
}

/// Prepares a run of these settings into `target`.
pub(super) async fn prepare(
    settings: &ImportSettings,
    target: &str,
    signals: &mut Signals,
) -> Result<PreparedRun, CommandError> {
    let wanted = wanted_run(settings, target)?;
    let target_lock = match settings.reading.shard {
        None => Lock::take_target(&settings.locks, target, "import"),
        Some(shard) => Lock::take_target_for_shard(&settings.locks, target, shard, &wanted.whole_digest()),
    };
    let target_lock = target_lock.map_err(RunStartError::from)?;
    let Some(run) = open_run(settings, &wanted)? else { return begin(settings, wanted, target_lock, signals).await };
    let run_lock = Lock::take(&run.directory.lock(), "import").map_err(RunStartError::from)?;
    run.directory.check_paths().map_err(RunStartError::RunFile)?;
    if may_go_on(settings, &run, &wanted, signals).await? {
        Ok(go_on(settings, run, wanted, [target_lock, run_lock])?)
    } else {
        begin(settings, wanted, target_lock, signals).await
    }
}

/// Whether a run that is open may go on with the inputs and the rules as they are `wanted` now; if not, a new one begins in its
/// place. It fails if neither is right.
async fn may_go_on(
    settings: &ImportSettings,
    RunOnDisk { directory, record: was }: &RunOnDisk,
    wanted: &RunRecord,
    signals: &mut Signals,
) -> Result<bool, CommandError> {
    let changed = match was.changed_input(wanted) {
        Some(changed) => Some(changed.path.clone()),
        None => changed_bytes(settings, directory, was, signals).await?,
    };
    let can_select = was.selection.is_none() || settings.reading.selection.is_some();
    if changed.is_some() && can_select && (directory.ended_on_its_input() || directory.has_sent_nothing()) {
        // The file was found to be broken, and this is the repaired one: all of it is looked at again. Or nothing was sent
        // of it, for records were to be mended first.
        return Ok(false);
    }
    let run = was.id.clone();
    match changed {
        Some(input) if was.has_moved(wanted) => Err(RunStartError::OtherContent { input, run }.into()),
        Some(input) => Err(RunStartError::Changed { input, run }.into()),
        None if !was.has_same_rules(wanted) => Err(RunStartError::OtherRules { run }.into()),
        None => Ok(true),
    }
}

/// Goes on with a run.
fn go_on(
    settings: &ImportSettings,
    RunOnDisk { directory, record: was }: RunOnDisk,
    wanted: RunRecord,
    locks: [Lock; 2],
) -> Result<PreparedRun, RunStartError> {
    let records = match was.selection {
        None => settings.reading.shard.into(),
        Some(_) => RecordsOfRun::Selected(Arc::new(directory.read_selection().map_err(RunStartError::RunFile)?)),
    };
    let record = if was.has_moved(&wanted) { note_paths(&directory, was, wanted)? } else { was };
    let mut ledger = ledger(settings);
    let (count, duplicates) = (settings.reading.inputs.len(), Duplicates::open(&directory.duplicates()).ok());
    let replayed = |settled: &Settled| ledger.book_replayed(settled, duplicates.as_ref());
    let ReplayedJournal { journal, progress, has_end } =
        Journal::replay(&directory.journal(), &directory.rejects(), count, replayed)?;
    ledger.continue_at(&progress);
    let import_run = ImportRun { journal, progress, ledger, duplicates: None };
    let (run, part) = (RunOnDisk { directory, record }, RunPart::Later { knows_all: has_end });
    Ok(PreparedRun { run, import_run, part, records, locks })
}

/// Notes where the inputs of a run are now: later parts of it look there.
fn note_paths(directory: &RunDirectory, was: RunRecord, now: RunRecord) -> Result<RunRecord, RunStartError> {
    let record = RunRecord { inputs: now.inputs, passwords: now.passwords, memberships: now.memberships, ..was };
    let failed = |source| RunStartError::Io { path: directory.path().to_path_buf(), source };
    directory.write_record(&record).map_err(failed)?;
    Ok(record)
}

/// The first input whose bytes are not those that the first pass read. All of them are read for that, but for an object whose
/// store says that it is the same version: what was done already is not looked at otherwise, and with another order in it
/// users would be taken for others.
async fn changed_bytes(
    settings: &ImportSettings,
    directory: &RunDirectory,
    was: &RunRecord,
    signals: &mut Signals,
) -> Result<Option<String>, CommandError> {
    // If it is damaged, it is made again, and what is known of the inputs at a glance has to do.
    let Ok(Some(FirstPassRecord { inputs, passwords, memberships, .. })) = FirstPassRecord::read(directory) else {
        return Ok(None);
    };
    let of_inputs = settings.reading.inputs.iter().zip(&was.inputs).zip(inputs.into_iter().map(|known| known.digest));
    let of_passwords = settings.reading.passwords.iter().zip(&was.passwords).zip(passwords);
    let files = settings.reading.memberships.iter().map(|(_, input)| input);
    let of_memberships = files.zip(&was.memberships).zip(memberships);
    let to_read: Vec<(Input, InputDigest)> = of_inputs
        .chain(of_passwords)
        .chain(of_memberships)
        .filter(|((input, was), _)| !is_same_version(input, was))
        .map(|((input, _), digest)| (input.clone(), digest))
        .collect();
    tracing::info!("looking whether the inputs are what they were");
    let stop = CancellationToken::new();
    // Dropped by an interruption, it ends the reading, too.
    let _guard = stop.clone().drop_guard();
    let reading = tokio::task::spawn_blocking(move || {
        for (input, was) in to_read {
            let is_changed =
                input.digest(was.sum.kind(), || stop.is_cancelled())?.is_some_and(|is| is.is_same(&was) != Some(true));
            if is_changed {
                return Ok(Some(input.name().to_string()));
            }
        }
        Ok(None)
    });
    let read = tokio::select! {
        read = reading => read,
        signal = signals.next() => return Err(CommandError::Interrupted(signal)),
    };
    let read = read.map_err(|error| StopReason::Internal(format!("looking at the inputs failed: {error}")))?;
    Ok(read.map_err(RunStartError::Source)?)
}

/// Whether a store says that an object is the one that was read. A weak tag (RFC 9110, 8.8.1) says that it is alike.
fn is_same_version(input: &Input, was: &InputRecord) -> bool {
    let Input::Object(object) = input else { return false };
    let tag = object.version().ok().and_then(|version| version.tag).filter(|tag| !tag.starts_with("W/"));
    tag.is_some() && was.fingerprint.as_ref().is_some_and(|was| was.tag == tag)
}

/// Begins a new run.
async fn begin(
    settings: &ImportSettings,
    wanted: RunRecord,
    target_lock: Lock,
    signals: &mut Signals,
) -> Result<PreparedRun, CommandError> {
    let records = records_of(&settings.reading, settings.output.console, signals).await?;
    Ok(begin_with(settings, wanted, target_lock, records)?)
}

/// Begins a new run that takes these records.
fn begin_with(
    settings: &ImportSettings,
    wanted: RunRecord,
    target_lock: Lock,
    records: RecordsOfRun,
) -> Result<PreparedRun, RunStartError> {
    let runs = &settings.runs_directory;
    let failed = |path: PathBuf| move |source| RunStartError::Io { path, source };
    let directory = RunDirectory::create(runs, settings.reading.shard).map_err(failed(runs.clone()))?;
    let run_lock = Lock::take(&directory.lock(), "import")?;
    let mut journal = Journal::create(&directory.journal(), &directory.rejects())?;
    let record = RunRecord { id: directory.id().to_owned(), ..wanted };
    settings.reading.rule_files.keep(&directory).map_err(failed(runs.clone()))?;
    if let Some(selected) = records.selected() {
        directory.keep_selection(selected).map_err(failed(runs.clone()))?;
        journal.append(&Entry::Selected).and_then(|()| journal.sync()).map_err(failed(directory.journal()))?;
    }
    // The last one: with it the run is there, and all of the above.
    directory.write_record(&record).map_err(failed(runs.clone()))?;
    let progress = Progress::new(settings.reading.inputs.len());
    let import_run = ImportRun { journal, progress, ledger: ledger(settings), duplicates: None };
    let run = RunOnDisk { directory, record };
    Ok(PreparedRun { run, import_run, part: RunPart::First, records, locks: [target_lock, run_lock] })
}

fn ledger(settings: &ImportSettings) -> Ledger {
    Ledger::of_sending(&settings.reading.inputs).of_shard(settings.reading.shard).of_kinds(&settings.reading.kinds)
}

/// The run to go on with, if there is one: the one that was named, or the newest of the same work, if it did not come to
/// its end.
fn open_run(settings: &ImportSettings, wanted: &RunRecord) -> Result<Option<RunOnDisk>, RunStartError> {
    let open = match &settings.which_run {
        WhichRun::New => None,
        WhichRun::Named(run) => Some(RunOnDisk::clone(run)),
        // What cannot be known again cannot be resumed.
        WhichRun::Open if !wanted.can_be_known_again() => None,
        WhichRun::Open => {
            let runs = &settings.runs_directory;
            let listed = RunDirectory::list(runs).map_err(|source| RunStartError::Io { path: runs.clone(), source })?;
            let newest = listed.into_iter().find(|(_, record)| record.is_same_work(wanted));
            newest.map(|(directory, record)| RunOnDisk { directory, record })
        }
    };
    Ok(open.filter(|run| !run.directory.is_finished()))
}
