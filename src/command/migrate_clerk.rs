//! `avnology migrate clerk --import`: preflight, pipeline, report.

use std::sync::Arc;

use super::duplicates;
use super::import_error::ImportError;
use super::objects;
use super::output::Output;
use super::passwords;
use super::prepare::{Prepared, prepare};
use super::progress::{begin, measured};
use super::recall::{Recalled, recall};
use super::target::{Target, at_target, connect};
use crate::avnology::{Capabilities, Client, Paced, preflight};
use crate::exit::ExitStatus;
use crate::index::DuplicateFinder;
use crate::journal::RunRecord;
use crate::pace::Pace;
use crate::pipeline::{self, Delivery, DuplicateCheck, Job, MemoryBound, peak_memory, room};
use crate::report::RunDetails;
use crate::settings::{Destination, ImportSettings};
use crate::signal::Signals;

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
    objects::look(settings, &mut signals).await?;
    match &settings.destination {
        Destination::Nowhere => {
            begin(settings, None);
            let settings = &passwords::read(settings, &mut signals).await?;
            let mut reporter = measured(settings);
            let finder = DuplicateFinder::new(std::env::temp_dir());
            let job = Job { duplicates: DuplicateCheck::Find(Arc::new(finder)), ..dry_run(settings) };
            let ledger = pipeline::run(job, reporter.as_mut(), &mut signals).await;
            let passwords = passwords::close(settings, ledger.stopped.is_none(), None)?;
            Output::of(settings).report(&ledger, &RunDetails { passwords, ..RunDetails::default() }, None)
        }
        _ => at_target(settings, async |target| import_into(target, settings, signals).await).await,
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
    let Prepared { directory, journal, progress, ledger, record, continued, locks } = prepare(settings, &target.name)?;
    begin(settings, Some(directory.id()));
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight).await?;
    tracing::info!(batch = capabilities.batch, run = directory.id(), "the target is ready");
    if continued {
        let done = ledger.counts().read;
        settings.console.note(&format!("Continuing run {}: {done} records are done already.", directory.id()));
    }
    let delivery = delivery(settings, client, capabilities, &record);
    let paced = Paced::new(delivery.client.clone(), delivery.batch, Arc::clone(&delivery.pace), delivery.budget);
    let Recalled { known, lookup } = tokio::select! {
        recalled = recall(settings, &target.name, directory.id(), &paced, delivery.batch) => recalled?,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
    };
    let settings = &passwords::read(settings, &mut signals).await?;
    let duplicates = duplicates::check(settings, Some(&directory), &mut signals).await?;
    let job = Job {
        duplicates,
        delivery: Some(delivery),
        journal: Some(journal),
        known,
        lookup,
        progress,
        ledger,
        ..dry_run(settings)
    };
    let mut reporter = measured(settings);
    let ledger = pipeline::run(job, reporter.as_mut(), &mut signals).await;
    // Whatever happens to it, nobody is left without the account of the import.
    let joined = passwords::close(settings, ledger.stopped.is_none(), Some(&directory)).unwrap_or_else(|error| {
        tracing::warn!(%error, "the account of the passwords is missing");
        None
    });
    let details = RunDetails {
        shards: Vec::new(),
        passwords: joined,
        run: Some(directory.id().to_owned()),
        rejects_of: record.rejects_of,
        target: Some(target.base_url.to_string()),
        report_file: Some(directory.report().display().to_string()),
        sandbox_database: target.sandbox_database,
    };
    let status = Output::of(settings).report(&ledger, &details, Some(&directory.report()));
    // The report is what says that the run is over, so it is written under the locks.
    drop(locks);
    status
}

fn delivery(settings: &ImportSettings, client: Client, capabilities: Capabilities, record: &RunRecord) -> Delivery {
    // The target tells its time to the second.
    const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);
    let began: jiff::Timestamp = record.started.parse().unwrap_or(jiff::Timestamp::MAX);

    Delivery {
        client,
        batch: capabilities.batch,
        pace: Pace::new(&settings.pace),
        room: room(&settings.pace),
        budget: settings.retry,
        on_existing: settings.on_existing,
        run_id: record.id.clone(),
        began: began.checked_add(capabilities.clock_ahead - SLACK).unwrap_or(jiff::Timestamp::MAX),
    }
}
