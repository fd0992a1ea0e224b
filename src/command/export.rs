//! `avnology migrate clerk export`: a tenant from Clerk's API into files.

pub(super) mod export_command_error;

use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, interval};

use super::shared::command_error::CommandError;
use super::shared::terminal::output::write_report;
use super::shared::terminal::progress::display;
use crate::clerk_api::ClerkCalls;
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::export::{ExportDirectory, ExportError, Exporter, Manifest, Tally};
use crate::journal::Lock;
use crate::pace::Pace;
use crate::report::{ExportFigures, ProgressDisplay, print_json, write_export_summary};
use crate::settings::ExportSettings;
use crate::signal::Signals;
use export_command_error::ExportCommandError;

/// How often the display is renewed.
const TICK: Duration = Duration::from_millis(100);

/// How often the metrics are renewed, as those of an import are.
const METRICS: Duration = Duration::from_secs(5);

/// Exports a tenant, or goes on with an export that was interrupted.
pub async fn export(settings: ExportSettings, signals: Signals) -> Result<ExitStatus, CommandError> {
    Ok(Box::pin(export_tenant(settings, signals)).await?)
}

async fn export_tenant(settings: ExportSettings, mut signals: Signals) -> Result<ExitStatus, ExportCommandError> {
    let _lock = take_directory(&settings.directory)?;
    if let Some(manifest) = Manifest::read(&settings.directory)?.filter(|_| !settings.new) {
        settings.output.console.note(&format!(
            "The export in {} was finished at {}; --new begins a new one in its place.",
            settings.directory.path().display(),
            manifest.finished.strftime("%F %T UTC")
        ));
        return finish(&manifest, &settings, None);
    }
    let (manifest, elapsed) = read_tenant(&settings, &mut signals).await?;
    finish(&manifest, &settings, Some(elapsed))
}

/// Makes the directory, if it is not there, and keeps other processes out of it.
pub(super) fn take_directory(directory: &ExportDirectory) -> Result<Lock, ExportCommandError> {
    let failed = |source| ExportError::File { path: directory.path().to_path_buf(), source };
    directory.create().map_err(failed)?;
    if let Some(stranger) = directory.stranger().map_err(failed)? {
        return Err(ExportError::NotEmpty { path: directory.path().to_path_buf(), stranger }.into());
    }
    Ok(Lock::take(&directory.lock(), "export")?)
}

/// Questions to Clerk's API at the pace of the settings.
pub(super) fn calls(settings: &ExportSettings) -> Result<ClerkCalls, ExportError> {
    Ok(ClerkCalls::new(&settings.client, Pace::new(&settings.pace), settings.retry)?)
}

/// Reads a tenant into the directory of the settings, which the caller has taken, or goes on with what is there. Returns how long
/// it took, too.
pub(super) async fn read_tenant(
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

/// Gives the account of an export: it is the manifest.
fn finish(
    manifest: &Manifest,
    settings: &ExportSettings,
    elapsed: Option<Duration>,
) -> Result<ExitStatus, ExportCommandError> {
    let printed = if settings.output.format == OutputFormat::Json { print_json(manifest) } else { Ok(()) };
    let exceptions = manifest.differences.iter().map(|difference| {
        format!("{}: {} found, and Clerk counts {}", difference.kind, difference.found, difference.counted)
    });
    let exceptions = exceptions.reduce(|one, other| format!("{one}; {other}"));
    if let Some(elapsed) = elapsed {
        let directory = settings.directory.path();
        let summary = |out: &mut String| write_export_summary(out, manifest, directory, elapsed);
        settings.output.console.account(summary, manifest, exceptions.as_deref());
    }
    if let Some(path) = &settings.output.report {
        write_report(path, manifest).map_err(|source| ExportCommandError::Write { path: path.clone(), source })?;
        settings.output.report_path.written(path);
    }
    printed?;
    Ok(if exceptions.is_some() { ExitStatus::Rejected } else { ExitStatus::Success })
}
