//! Finds the run that a command goes on with, or begins a new one.

use std::io;
use std::path::PathBuf;

use crate::index::Duplicates;
use crate::journal::{
    InputRecord, Journal, JournalError, Lock, LockError, Progress, Replayed, RunDirectory, RunRecord, Settled,
    run_of_rejects,
};
use crate::pipeline::Ledger;
use crate::settings::{ImportSettings, WhichRun};
use crate::source::{Input, SourceError};

/// A run that is ready to go (on).
pub(super) struct Prepared {
    pub directory: RunDirectory,
    pub journal: Journal,
    pub progress: Progress,
    pub ledger: Ledger,
    /// What it is about.
    pub record: RunRecord,
    /// Whether an earlier part of it was found.
    pub continued: bool,
    /// Held until the run is over.
    pub locks: Vec<Lock>,
}

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Another run is under way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal of the earlier part cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Files and directories.
    #[error("cannot use `{path}`")]
    Io {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// An input cannot be opened.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The input is not what the open run was about.
    #[error(
        "`{input}` has changed since run {run} was interrupted, so its records cannot be told from the ones already done; \
         put the old file back, or begin again with --new-run (users that are at the target already are left as they are)"
    )]
    Changed {
        /// The input.
        input: String,
        /// The run.
        run: String,
    },
    /// The open run maps by other rules.
    #[error(
        "the mapping file or the traits schema is not the one that run {run} was begun with, so some users would be mapped by \
         other rules than the rest; go on by the rules it was begun with (`avnology migrate clerk resume {run}`, which has a \
         copy of them), or begin again with --new-run (users that are at the target already are left as they are, unless \
         --on-existing says otherwise)"
    )]
    OtherRules {
        /// The run.
        run: String,
    },
}

/// Prepares a run of these settings into `target`.
pub(super) fn prepare(settings: &ImportSettings, target: &str) -> Result<Prepared, PrepareError> {
    let wanted = record(settings, target)?;
    let target_lock = match settings.intake.shard {
        None => Lock::take_target(target, "import")?,
        Some(shard) => Lock::take_target_for_shard(target, shard, &wanted.whole_digest())?,
    };
    let open = open_run(settings, &wanted)?;
    if let Some((directory, was)) = open {
        let run_lock = Lock::take(&directory.lock(), "import")?;
        let changed = was.changed_input(&wanted);
        if changed.is_some() && (directory.ended_on_its_input() || directory.has_sent_nothing()) {
            // The file was found to be broken, and this is the repaired one: all of it is looked at again. Or nothing was sent
            // of it, for records were to be mended first.
            return begin(settings, wanted, target_lock);
        }
        if let Some(changed) = changed {
            return Err(PrepareError::Changed { input: changed.path.clone(), run: was.id });
        }
        if !was.has_same_rules(&wanted) {
            return Err(PrepareError::OtherRules { run: was.id });
        }
        let mut ledger = ledger(settings);
        let (count, duplicates) = (settings.intake.inputs.len(), Duplicates::open(&directory.duplicates()).ok());
        let replayed = |settled: &Settled| ledger.replayed(settled, duplicates.as_ref());
        let Replayed { journal, progress, .. } =
            Journal::replay(&directory.journal(), &directory.rejects(), count, replayed)?;
        ledger.continue_at(&progress);
        let locks = vec![target_lock, run_lock];
        return Ok(Prepared { directory, journal, progress, ledger, record: was, continued: true, locks });
    }
    begin(settings, wanted, target_lock)
}

/// Begins a new run.
fn begin(settings: &ImportSettings, wanted: RunRecord, target_lock: Lock) -> Result<Prepared, PrepareError> {
    let runs = &settings.runs_directory;
    let failed = |path: PathBuf| move |source| PrepareError::Io { path, source };
    let directory = RunDirectory::create(runs, settings.intake.shard).map_err(failed(runs.clone()))?;
    let run_lock = Lock::take(&directory.lock(), "import")?;
    let journal = Journal::create(&directory.journal(), &directory.rejects())?;
    let record = RunRecord { id: directory.id().to_owned(), ..wanted };
    settings.rule_files.keep(&directory).map_err(failed(runs.clone()))?;
    directory.write_record(&record).map_err(failed(runs.clone()))?;
    let (progress, ledger) = (Progress::new(settings.intake.inputs.len()), ledger(settings));
    Ok(Prepared { directory, journal, progress, ledger, record, continued: false, locks: vec![target_lock, run_lock] })
}

fn ledger(settings: &ImportSettings) -> Ledger {
    Ledger::new(&settings.intake.inputs, true).of_shard(settings.intake.shard)
}

/// The run to go on with, if there is one: the one that was named, or the newest of the same work, if it did not come to
/// its end.
fn open_run(settings: &ImportSettings, wanted: &RunRecord) -> Result<Option<(RunDirectory, RunRecord)>, PrepareError> {
    // What cannot be known again cannot be taken up again.
    let unknown = wanted.inputs.iter().chain(&wanted.passwords).any(|input| input.fingerprint.is_none());
    if settings.which_run == WhichRun::New || settings.which_run == WhichRun::Open && unknown {
        return Ok(None);
    }
    let runs = &settings.runs_directory;
    let listed = RunDirectory::list(runs).map_err(|source| PrepareError::Io { path: runs.clone(), source })?;
    let newest = listed.into_iter().find(|(_, record)| match &settings.which_run {
        WhichRun::Named(id) => record.id == *id,
        WhichRun::Open | WhichRun::New => record.is_same_work(wanted),
    });
    Ok(newest.filter(|(directory, _)| !directory.is_finished()))
}

fn record(settings: &ImportSettings, target: &str) -> Result<RunRecord, PrepareError> {
    let mut inputs = Vec::with_capacity(settings.intake.inputs.len());
    let mut rejects_of = None;
    for input in &settings.intake.inputs {
        inputs.push(checked(input)?);
        let failed = |source| PrepareError::Io { path: input.name().to_string().into(), source };
        rejects_of = rejects_of.or(run_of_rejects(input).map_err(failed)?);
    }
    let passwords = settings.passwords.as_ref().map(checked).transpose()?;
    if let (Some(run), None) = (&rejects_of, &passwords) {
        warn_of_passwords(settings, run);
    }
    let (mapping, traits_schema) = settings.rule_files.records();
    Ok(RunRecord {
        id: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: jiff::Timestamp::now().to_string(),
        target: target.to_owned(),
        shard: settings.intake.shard.map(|shard| shard.to_string()),
        inputs,
        passwords,
        missing_email: settings.intake.rules.missing_email.to_string(),
        mapping,
        traits_schema,
        on_existing: format!("{:?}", settings.on_existing).to_lowercase(),
        options: settings.recorded_options(),
        rejects_of,
    })
}

/// Looks at an input. A wrong path is told before there is a run, and before the target is asked for anything. A pipe is not
/// opened: it can be only once.
fn checked(input: &Input) -> Result<InputRecord, PrepareError> {
    match input {
        // Looking at it opens it, in fewer requests.
        Input::Object(_) => {}
        _ if input.is_pipe() => {}
        _ => drop(input.open()?),
    }
    InputRecord::of(input).map_err(|reason| SourceError::Open { input: input.name(), reason }.into())
}

/// A reject holds the user as the input had it, without the password that was joined.
fn warn_of_passwords(settings: &ImportSettings, run: &str) {
    let listed = RunDirectory::list(&settings.runs_directory).unwrap_or_default();
    let record = listed.into_iter().map(|(_, record)| record).find(|record| record.id == run);
    if let Some(InputRecord { path, .. }) = record.and_then(|record| record.passwords) {
        tracing::warn!(run, passwords = path, "the run of these rejects had --passwords: without it they have none");
    }
}
