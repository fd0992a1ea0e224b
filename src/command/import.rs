//! `avnology migrate clerk --import`: preflight, pipeline, report.

use std::sync::Arc;

use super::confirmed::{LoadedConfirmed, load_confirmed};
use super::first_pass::{FirstPass, first_pass, refusal};
use super::id_maps::keep_learned_ids;
use super::import_error::ImportError;
use super::objects::probe_objects;
use super::output::Output;
use super::passwords;
use super::prepare::{Prepared, look_at_inputs, prepare};
use super::prepare_error::PrepareError;
use super::progress::{reporter_with_metrics, start_metrics};
use super::target::{Target, at_target, connect};
use crate::account::{Ledger, StopReason};
use crate::avnology::{AdminCalls, preflight};
use crate::delivery::{Delivery, OnExisting};
use crate::destination::RunMark;
use crate::exit::ExitStatus;
use crate::index::DuplicateFinder;
use crate::journal::{Journal, Prediction, RunDirectory, RunRecord};
use crate::pace::Pace;
use crate::pipeline::{self, DuplicateCheck, Job, MemoryBound, delivery_memory, peak_memory};
use crate::plan::MigrationPlan;
use crate::report::RunDetails;
use crate::settings::{Destination, ImportSettings};
use crate::signal::Signals;
use crate::source::Watch;

/// The first pass asks the target nothing: by the time it answered, somebody else could have created the user.
const STRICT_AND_FAIL: &str = "Note: --strict goes by what the files show. Users who are at the target already (--on-existing fail) \
                               are found and rejected while the others are sent; `avnology migrate clerk verify` tells before \
                               who is there.";

const MEBIBYTE: u64 = 1024 * 1024;

/// Runs an import, or a dry run, to its end and reports.
pub async fn import(settings: ImportSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    let is_sent = !matches!(settings.destination, Destination::Nowhere);
    let sending = is_sent.then_some(&settings.pace);
    let MemoryBound { usual, largest, long_answers } = MemoryBound::of(&settings.intake, sending);
    tracing::info!(
        usual_mib = usual / MEBIBYTE,
        with_largest_records_mib = largest / MEBIBYTE,
        more_with_long_answers_mib = long_answers / MEBIBYTE,
        "memory is bounded, whatever the number of users"
    );
    let status = run_import(&settings, signals).await;
    if let Some(peak) = peak_memory() {
        tracing::info!(kib = peak / 1024, "peak memory");
    }
    status
}

async fn run_import(settings: &ImportSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    probe_objects(settings, &mut signals).await?;
    match &settings.destination {
        Destination::Nowhere => {
            look_at_inputs(settings)?;
            log_plan(settings);
            start_metrics(settings, None);
            let mut settings = passwords::read(settings, &mut signals).await?;
            settings.intake.watch = Watch::Record(Arc::default());
            let settings = &settings;
            let mut reporter = reporter_with_metrics(settings);
            let finder = DuplicateFinder::new(std::env::temp_dir());
            let job = Job { duplicates: DuplicateCheck::Find(Arc::new(finder)), ..dry_run(settings) };
            let (mut ledger, _) = pipeline::run(job, reporter.as_mut(), &mut signals).await;
            ledger.require_records(settings.min_records);
            let passwords = passwords::close(settings, ledger.stopped.is_none(), None)?;
            Output::of(settings).report(&ledger, &RunDetails { passwords, ..RunDetails::default() }, None)
        }
        _ => at_target(settings, async |target| import_into(target, settings, signals).await).await,
    }
}

/// The steps that an import of the same inputs has.
fn log_plan(settings: &ImportSettings) {
    let kind = settings.intake.mapper.kind();
    let plan = MigrationPlan::of(settings.intake.inputs.iter().map(|input| (kind, input.clone())));
    let steps = plan.steps().len();
    for (number, step) in (1..).zip(plan.steps()) {
        tracing::info!("step {number} of {steps}: {step}");
    }
}

fn dry_run(settings: &ImportSettings) -> Job {
    Job::dry_run(settings.intake.clone(), settings.preview, settings.max_errors)
}

async fn import_into(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, ImportError> {
    let Prepared { directory, journal, progress, mut ledger, record, continued, knows_all, locks } =
        prepare(settings, &target.name, &mut signals).await?;
    start_metrics(settings, Some(directory.id()));
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight).await?;
    tracing::info!(batch = capabilities.batch, run = directory.id(), "the target is ready");
    if continued {
        let done = ledger.counts().read;
        settings.console.note(&format!("Continuing run {}: {done} records are done already.", directory.id()));
    }
    let calls = AdminCalls::new(client, capabilities.batch, Pace::new(&settings.pace), settings.retry);
    let LoadedConfirmed { confirmed, lookup, ids } = tokio::select! {
        loaded = load_confirmed(settings, &target.name, directory.id(), &calls, knows_all) => loaded?,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
    };
    let delivery = delivery(settings, calls, &record);
    let mut settings = passwords::read(settings, &mut signals).await?;
    let has_begun = continued && (ledger.counts().read > 0 || !progress.in_doubt.is_empty());
    let looked = look_through(&settings, &directory, has_begun, &mut ledger, &mut signals).await;
    let FirstPass { duplicates, watch, prediction } = match looked {
        // The account says that it ended on its input, so that the same command begins anew with the repaired one.
        Err(ImportError::Prepare(PrepareError::Source(error))) => {
            ledger.stopped = Some(StopReason::Unreadable(error));
            let details = details(&target, &directory, &record);
            let status = Output::of(&settings).report(&ledger, &details, Some(&directory.report()));
            end(Some(journal), &directory, &ledger, &status);
            return status;
        }
        looked => looked?,
    };
    settings.intake.watch = watch;
    let settings = &settings;
    let (found, is_refused) = (duplicates.clone(), ledger.stopped.is_some());
    // If nothing is to be sent, the rejects are written, for they are what has to be mended.
    let job = Job {
        duplicates,
        delivery: Some(delivery).filter(|_| !is_refused),
        journal: Some(journal),
        confirmed,
        lookup: lookup.filter(|_| !is_refused),
        ids,
        progress,
        ledger,
        predicted: prediction.map_or(0, |prediction| prediction.rejects),
        max_errors: settings.max_errors.filter(|_| !is_refused),
        ..dry_run(settings)
    };
    let mut reporter = reporter_with_metrics(settings);
    let (mut ledger, journal) = pipeline::run(job, reporter.as_mut(), &mut signals).await;
    keep_learned_ids(&settings.runs_directory, &target.name).await;
    ledger.require_records(settings.min_records);
    name_sharing(&mut ledger, &found, settings);
    // If that fails, the account of the import is given all the same.
    let joined = passwords::close(settings, ledger.stopped.is_none(), Some(&directory)).unwrap_or_else(|error| {
        tracing::warn!(%error, "the account of the passwords is missing");
        None
    });
    let details = RunDetails { passwords: joined, ..details(&target, &directory, &record) };
    let status = Output::of(settings).report(&ledger, &details, Some(&directory.report()));
    // Whether the run is over is said under the locks.
    end(journal, &directory, &ledger, &status);
    drop(locks);
    status
}

/// Says in the journal how the run ended, once its report is written. If that cannot be said, the same command gives the
/// account once more.
fn end(journal: Option<Journal>, directory: &RunDirectory, ledger: &Ledger, status: &Result<ExitStatus, ImportError>) {
    let is_reported = !matches!(status, Err(ImportError::Write { path, .. }) if *path == directory.report());
    if let Some(mut journal) = journal.filter(|_| is_reported)
        && let Err(error) = journal.end(ledger.ended())
    {
        tracing::warn!(%error, "the journal does not say that the run ended");
    }
}

fn details(target: &Target, directory: &RunDirectory, record: &RunRecord) -> RunDetails {
    RunDetails {
        shards: Vec::new(),
        passwords: None,
        run: Some(directory.id().to_owned()),
        can_go_on: record.can_be_known_again(),
        rejects_of: record.rejects_of.clone(),
        target: Some(target.base_url.to_string()),
        report_file: Some(directory.report().display().to_string()),
        sandbox_database: target.sandbox_database.clone(),
    }
}

/// What is known before anything is sent. If nothing is to be sent by that, the account says why.
async fn look_through(
    settings: &ImportSettings,
    directory: &RunDirectory,
    has_begun: bool,
    ledger: &mut Ledger,
    signals: &mut Signals,
) -> Result<FirstPass, ImportError> {
    if settings.strict && settings.on_existing == OnExisting::Fail {
        settings.console.note(STRICT_AND_FAIL);
    }
    let pass = first_pass(settings, Some((directory, has_begun)), signals).await?;
    ledger.stopped = pass.prediction.and_then(|prediction| refusal(&prediction, ledger, settings));
    if let Some(prediction) = pass.prediction.filter(|_| ledger.stopped.is_none()) {
        let failed = |source| ImportError::Write { path: directory.first_pass(), source };
        directory.keep_prediction(Prediction { sent: true, ..prediction }).map_err(failed)?;
    }
    Ok(pass)
}

/// That users share an address is counted in any case.
fn name_sharing(ledger: &mut Ledger, found: &DuplicateCheck, settings: &ImportSettings) {
    if let DuplicateCheck::Reject(found) = found
        && let Err(error) = ledger.name_sharing(found, settings.intake.shard)
    {
        tracing::warn!(%error, "the users who share an address are not named");
    }
}

fn delivery(settings: &ImportSettings, calls: AdminCalls, record: &RunRecord) -> Delivery {
    Delivery {
        destination: Arc::new(calls),
        memory: delivery_memory(&settings.pace),
        on_existing: settings.on_existing,
        run_id: record.id.clone(),
        mark: record.marked.then(|| RunMark::of(&record.id)),
    }
}
