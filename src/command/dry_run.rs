//! `avnology migrate clerk --import … --dry-run`: reads, maps and checks everything, and sends nothing.

mod check_target;
mod input_ids;

use std::sync::Arc;

use serde_json::Map;

use super::shared::command_error::CommandError;
use super::shared::memory_log::log_bound;
use super::shared::reading::fetched_records::read_for_now;
use super::shared::reading::forecast::{forecast, log_plan, selection_report};
use super::shared::reading::inline_memberships_file::{PassingFile, with_inline_memberships};
use super::shared::reading::intake::intake;
use super::shared::reading::joined::{JoinReports, JoinedFiles};
use super::shared::reading::look_at_inputs::{fix_object_versions, look_at_inputs, note_deleted};
use super::shared::reading::selecting::records_of;
use super::shared::target::with_target;
use super::shared::terminal::output::Output;
use super::shared::terminal::progress::{reporter_with_metrics, start_metrics};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::outcomes::StopReason;
use crate::pipeline::{self, DryRun, Job, Mode};
use crate::report::{InputOrigin, RunDetails, Timeline};
use crate::selection::RecordsOfRun;
use crate::settings::{DryRunSettings, ReadingSettings};
use crate::signal::Signals;
use crate::source::{Recorder, SourceError, Watch};
use check_target::check_target;
use input_ids::input_ids;

/// Which runs were earlier ones depends on the target.
const MISSING_UNKNOWN: &str =
    "Nobody looks for users who are no longer in the export: --check-target says at which target they would be.";

/// Does a dry run and reports.
pub async fn dry_run(settings: DryRunSettings, signals: Signals) -> Result<ExitStatus, CommandError> {
    let pace = settings.check.as_ref().map(|_| &settings.connection.pace);
    log_bound(&settings.reading, pace);
    match &settings.check {
        None => map_all(&settings, signals).await,
        Some(check) => {
            let rehearse = async |target| check_target(target, &settings, check, signals).await;
            with_target(&check.target, rehearse).await
        }
    }
}

async fn map_all(settings: &DryRunSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let DryRunSettings { reading, from_clerk, output, user, preview, max_errors, min_records, connection, .. } =
        settings;
    let passing = read_for_now(from_clerk.as_ref(), &mut signals).await?;
    let of_clerk = passing.as_ref().map(|passing| passing.those_of(reading)).transpose()?;
    let reading = of_clerk.as_ref().unwrap_or(reading);
    let passing_file = PassingFile::new()?;
    let reading = &with_inline_memberships(reading, passing_file.directory(), &mut signals).await?;
    fix_object_versions(reading, &mut signals).await?;
    look_at_inputs(reading)?;
    log_plan(reading);
    start_metrics(output, None);
    note_deleted(reading, output.console);
    if let Some(organization) = &reading.organization {
        output
            .console
            .note(&format!("The users would go into organization {organization}; only an import looks for it."));
    }
    if settings.missing.is_some() {
        output.console.note(MISSING_UNKNOWN);
    }
    let records = records_of(reading, output.console, &mut signals).await?;
    let joined = JoinedFiles::read_for_now(reading, output, &mut signals).await?;
    let alone = intake(reading, &records, None, None, Watch::Nothing);
    let ids = input_ids(alone, reading.has_pipe(), &mut signals).await?;
    let mode = Mode::DryRun(DryRun { preview: *preview, max_errors: *max_errors });
    // An import would read each input only once, too, and so could use no more of it.
    let recorder = Arc::new(if reading.has_pipe() { Recorder::of_only_look() } else { Recorder::default() });
    // Only who selects, or gets a report with digests, needs them; and where memberships were taken out of an input.
    let shows_digests = output.format == OutputFormat::Json || output.report.is_some();
    let watch =
        if reading.has_pipe() || shows_digests || records.selected().is_some() || !reading.read_earlier.is_empty() {
            Watch::Record(Arc::clone(&recorder))
        } else {
            Watch::Unchanged
        };
    let job = Job { intake: intake(reading, &records, Some(&joined), ids.as_ref(), watch), mode };
    let mut reporter = reporter_with_metrics(output, &reading.inputs);
    let mut timeline = Timeline::new(reporter.as_mut(), Vec::new());
    let mut ledger = pipeline::run(job, &mut timeline, &mut signals).await.ledger;
    let timeline = timeline.into_moments();
    if ledger.stopped.is_none() {
        let earlier = reading.check_read_earlier(&recorder.inputs()).err();
        let changed = earlier.or_else(|| changed_since_selected(reading, &records, &recorder));
        ledger.stopped = changed.map(StopReason::Source);
    }
    ledger.require_records(*min_records);
    let JoinReports { passwords, memberships } = joined.close(ledger.stopped.is_none())?;
    let forecast = forecast(&ledger, &connection.pace, reading.most_of_request);
    let selection = selection_report(reading, &records);
    let sums = recorder.inputs().into_iter().map(|input| input.digest.sum).collect();
    let origin = Some(InputOrigin::now(user.clone(), None, Map::new()));
    let details =
        RunDetails { passwords, memberships, selection, forecast, origin, sums, timeline, ..RunDetails::default() };
    let given = Output::of(output).report(&ledger, &details, None);
    given.map_err(|error| error.of_job(ExitStatus::of(&ledger)))
}

/// The error if an input is not what it was when the records were selected.
fn changed_since_selected(
    reading: &ReadingSettings,
    records: &RecordsOfRun,
    recorder: &Recorder,
) -> Option<SourceError> {
    let now = recorder.inputs();
    let index = records.selected()?.changed_input(now.iter().map(|input| &input.digest))?;
    reading.inputs.get(index).map(|input| SourceError::Changed { input: input.name(), is_passed_on: false })
}
