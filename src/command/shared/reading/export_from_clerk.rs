//! Reads a tenant from Clerk's API into the directory of an export: one that the user named, or through `fetched_records.rs` one of
//! the program's own.

use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::clerk_api::ClerkCalls;
use crate::command::shared::export_command_error::ExportCommandError;
use crate::command::shared::terminal::progress::display;
use crate::export::{ExportDirectory, ExportError, Exporter, Manifest, Tally};
use crate::journal::Lock;
use crate::pace::PaceGate;
use crate::report::{ExportFigures, ProgressDisplay};
use crate::settings::ExportSettings;
use crate::signal::Signals;

/// How often the display is renewed.
const TICK: Duration = Duration::from_millis(100);

/// How often the metrics are renewed, as those of an import are.
const METRICS: Duration = Duration::from_secs(5);

/// Makes the directory, if it is not there, and keeps other processes out of it.
pub(in crate::command) fn take_directory(directory: &ExportDirectory) -> Result<Lock, ExportCommandError> {
    let failed = |source| ExportError::File { path: directory.path().to_path_buf(), source };
    directory.create().map_err(failed)?;
    if let Some(stranger) = directory.stranger().map_err(failed)? {
        return Err(ExportError::NotEmpty { path: directory.path().to_path_buf(), stranger }.into());
    }
    Ok(Lock::take(&directory.lock(), "export")?)
}

/// Questions to Clerk's API at the pace of the settings.
pub(in crate::command) fn calls(settings: &ExportSettings) -> Result<ClerkCalls, ExportError> {
    Ok(ClerkCalls::new(&settings.client, PaceGate::new(&settings.pace), settings.retry)?)
}

/// Reads a tenant into the directory of the settings, which the caller has taken, or goes on with what is there. Returns how long
/// it took, too.
pub(in crate::command) async fn read_tenant(
    settings: &ExportSettings,
    signals: &mut Signals,
) -> Result<(Manifest, Duration), ExportCommandError> {
    if settings.new {
        let failed = |source| ExportError::File { path: settings.directory.path().to_path_buf(), source };
        settings.directory.clear().map_err(failed)?;
    }
    if let Some(metrics) = &settings.output.metrics {
        metrics.begin(None);
    }
    let calls = calls(settings)?;
    let (started, tally) = (Instant::now(), Cell::new(Tally::default()));
    let mut progress = display(settings.output.progress, None);
    let figures = |elapsed| ExportFigures::new(tally.get(), calls.requests(), calls.pace(), elapsed);
    let ended = tokio::select! {
        biased;
        signal = signals.next() => Err(ExportCommandError::Interrupted(signal)),
        ended = run(&calls, settings, &tally) => ended.map_err(ExportCommandError::Export),
        never = show(settings, &figures, started, &mut progress) => match never {},
    };
    progress.finish();
    measure(settings, &figures(started.elapsed()));
    Ok((ended?, started.elapsed()))
}

/// Shows how far it is, for ever.
async fn show(
    settings: &ExportSettings,
    figures: impl Fn(Duration) -> ExportFigures,
    started: Instant,
    progress: &mut ProgressDisplay,
) -> Infallible {
    let (mut ticks, mut of_metrics) = (interval(TICK), interval(METRICS));
    loop {
        tokio::select! {
            _ = ticks.tick() => progress.update(&figures(started.elapsed()), started.elapsed()),
            _ = of_metrics.tick() => measure(settings, &figures(started.elapsed())),
        }
    }
}

fn measure(settings: &ExportSettings, figures: &ExportFigures) {
    if let Some(metrics) = &settings.output.metrics {
        metrics.exported(figures);
    }
}

async fn run(calls: &ClerkCalls, settings: &ExportSettings, tally: &Cell<Tally>) -> Result<Manifest, ExportError> {
    let exporter = Exporter::begin(calls, &settings.directory, settings.plan.clone(), tally).await?;
    exporter.run().await
}
