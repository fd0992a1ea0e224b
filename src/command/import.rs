//! `avnology migrate clerk --import`, as the sequence of its phases.
//!
//! ```text
//! look at the inputs → prepare the run → preflight → what was confirmed → index of passwords → first pass → run → account
//! ```
//!
//! Each phase takes what it needs of the ones before. Until the first pass has ended, nothing is sent.

mod account;
mod confirmed;
mod foresight;
mod prepare;

use std::sync::Arc;

use account::ImportAccount;
use confirmed::ConfirmedOf;
use foresight::Foresight;
use prepare::{Part, PreparedRun, prepare};

use super::first_pass::Subject;
use super::id_maps::{keep_learned_ids, look_up_ids};
use super::import_error::ImportError;
use super::inputs::probe_objects;
use super::intake::intake;
use super::memory_log::{log_bound, log_peak};
use super::passwords::JoinedPasswords;
use super::progress::{reporter_with_metrics, start_metrics};
use super::target::{Target, at_target, connect};
use crate::account::{Ledger, StopReason};
use crate::avnology::{AdminCalls, preflight};
use crate::delivery::{Delivery, OnExisting};
use crate::destination::RunMark;
use crate::exit::ExitStatus;
use crate::journal::{Journal, RunRecord};
use crate::pace::Pace;
use crate::pipeline::{self, ConfirmedBefore, ImportRun, Job, Mode, Sending, delivery_memory};
use crate::settings::ImportSettings;
use crate::signal::Signals;

/// The first pass asks the target nothing: by the time it answered, somebody else could have created the user.
const STRICT_AND_FAIL: &str = "Note: --strict goes by what the files show. Users who are at the target already (--on-existing fail) \
                               are found and rejected while the others are sent; `avnology migrate clerk verify` tells before \
                               who is there.";

/// Runs an import to its end and reports.
pub async fn import(settings: ImportSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    log_bound(&settings.reading, Some(&settings.connection.pace));
    let status = look_and_import(&settings, signals).await;
    log_peak();
    status
}

async fn look_and_import(settings: &ImportSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    probe_objects(&settings.reading, &mut signals).await?;
    at_target(&settings.target, async |target| import_into(target, settings, signals).await).await
}

async fn import_into(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, ImportError> {
    let ImportSettings { reading, output, limits, .. } = settings;
    let signals = &mut signals;
    let PreparedRun { run, journal, progress, mut ledger, part, locks } =
        prepare(settings, &target.name, signals).await?;
    start_metrics(output, Some(run.directory.id()));
    let calls = preflight_calls(&target, settings, &run.record, signals).await?;
    let done = ledger.counts().read;
    if part != Part::First {
        output.console.note(&format!("Continuing run {}: {done} records are done already.", run.directory.id()));
    }
    let confirmed = confirmed_before(settings, &target.name, (run.directory.id(), part), &calls, signals).await?;
    let ids = look_up_ids(&settings.runs_directory, &target.name).await;
    let passwords = JoinedPasswords::read(reading, output.console, signals).await?;
    if limits.strict && settings.on_existing == OnExisting::Fail {
        output.console.note(STRICT_AND_FAIL);
    }
    let subject = Subject { reading, passwords: passwords.as_ref(), output, strict: limits.strict };
    let has_begun = part != Part::First && (done > 0 || !progress.in_doubt.is_empty());
    let foresight = Foresight::of_run(subject, &run.directory, has_begun, (*limits, &ledger), signals).await?;
    let account = ImportAccount { target: &target, run: &run, output };
    let (first, refused) = match foresight {
        // The account says that it ended on its input, so that the same command begins anew with the repaired one.
        Foresight::Unreadable(error) => {
            ledger.stopped = Some(StopReason::Unreadable(error));
            return account.give(&ledger, Some(journal), None);
        }
        Foresight::Refused(first, reason) => (first, Some(reason)),
        Foresight::Clear(first) => (first, None),
    };
    let import_run = ImportRun { journal, progress, ledger, duplicates: first.duplicates().cloned() };
    let mode = match refused {
        Some(reason) => Mode::Refused(import_run, reason),
        None => Mode::Import(
            import_run,
            Sending {
                delivery: delivery(settings, calls, &run.record),
                confirmed,
                ids,
                max_errors: limits.max_errors,
                predicted: first.prediction().map_or(0, |prediction| prediction.rejects),
            },
        ),
    };
    let job = Job { intake: intake(reading, passwords.as_ref(), first.watch()), mode };
    let (mut ledger, journal) = run_and_learn(job, &target.name, settings, signals).await;
    ledger.require_records(limits.min_records);
    // That users share an address is counted in any case.
    if let Some(found) = first.duplicates()
        && let Err(error) = ledger.name_sharing(found, reading.shard)
    {
        tracing::warn!(%error, "the users who share an address are not named");
    }
    // If that fails, the account of the import is given all the same.
    let joined = passwords.map(|passwords| passwords.close_in(ledger.stopped.is_none(), &run.directory));
    let joined = joined.transpose().unwrap_or_else(|error| {
        tracing::warn!(%error, "the account of the passwords is missing");
        None
    });
    // Whether the run is over is said under the locks.
    let status = account.give(&ledger, journal, joined);
    drop(locks);
    status
}

/// Runs the job, and takes in the ids that the target gave.
async fn run_and_learn(
    job: Job,
    target: &str,
    ImportSettings { reading, output, runs_directory, .. }: &ImportSettings,
    signals: &mut Signals,
) -> (Ledger, Option<Journal>) {
    let mut reporter = reporter_with_metrics(output, &reading.inputs);
    let ended = pipeline::run(job, reporter.as_mut(), signals).await;
    keep_learned_ids(runs_directory, target).await;
    ended
}

/// Makes sure that the target is there and takes what is sent to it.
async fn preflight_calls(
    target: &Target,
    ImportSettings { connection, .. }: &ImportSettings,
    record: &RunRecord,
    signals: &mut Signals,
) -> Result<AdminCalls, ImportError> {
    let (client, capabilities) = connect(target, connection, signals, preflight).await?;
    tracing::info!(batch = capabilities.batch, run = record.id, "the target is ready");
    Ok(AdminCalls::new(client, capabilities.batch, Pace::new(&connection.pace), connection.retry))
}

fn delivery(settings: &ImportSettings, calls: AdminCalls, record: &RunRecord) -> Delivery {
    Delivery {
        destination: Arc::new(calls),
        memory: delivery_memory(&settings.connection.pace),
        on_existing: settings.on_existing,
        run_id: record.id.clone(),
        mark: record.marked.then(|| RunMark::of(&record.id)),
    }
}

/// What the target confirmed in earlier runs, if it still agrees.
async fn confirmed_before(
    settings: &ImportSettings,
    target: &str,
    (run, part): (&str, Part),
    calls: &AdminCalls,
    signals: &mut Signals,
) -> Result<Option<ConfirmedBefore>, ImportError> {
    let of = ConfirmedOf {
        runs_directory: &settings.runs_directory,
        target,
        run,
        is_shard: settings.reading.shard.is_some(),
        on_existing: settings.on_existing,
        recheck: settings.recheck,
        knows_all: part != Part::Later { knows_all: false },
    };
    tokio::select! {
        loaded = of.load(calls) => Ok(loaded?),
        signal = signals.next() => Err(ImportError::Interrupted(signal)),
    }
}
