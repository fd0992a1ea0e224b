//! `avnology migrate clerk --import … --dry-run`: reads, maps and checks everything, and sends nothing.

use std::sync::Arc;

use serde_json::Map;

use super::from_clerk::read_users;
use super::import_error::ImportError;
use super::inputs::{look_at_inputs, note_deleted, probe_objects};
use super::intake::intake;
use super::memory_log::{log_bound, log_peak};
use super::output::Output;
use super::passwords::JoinedPasswords;
use super::progress::{reporter_with_metrics, start_metrics};
use crate::avnology::{MAX_BATCH_ITEMS, MAX_BODY_BYTES};
use crate::delivery::MAX_PINNED;
use crate::destination::RunMark;
use crate::exit::ExitStatus;
use crate::kind::Kind;
use crate::pace::PaceRules;
use crate::pipeline::{self, DryRun, Job, Mode};
use crate::plan::MigrationPlan;
use crate::report::{Forecast, Origin, RequestBounds, RunDetails, Timeline};
use crate::settings::{DryRunSettings, ReadingSettings};
use crate::signal::Signals;
use crate::source::{Recorder, Watch};

/// Does a dry run and reports.
pub async fn dry_run(settings: DryRunSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    log_bound(&settings.reading, None);
    let status = map_all(&settings, signals).await;
    log_peak();
    status
}

async fn map_all(settings: &DryRunSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    let DryRunSettings { reading, from_clerk, output, user, preview, max_errors, min_records, pace } = settings;
    let recorder = Arc::new(Recorder::default());
    let _users = read_users(from_clerk.as_ref(), &mut signals).await?;
    probe_objects(reading, &mut signals).await?;
    look_at_inputs(reading)?;
    log_plan(reading);
    start_metrics(output, None);
    note_deleted(reading, output.console);
    let passwords = JoinedPasswords::read(reading, output.console, &mut signals).await?;
    let mode = Mode::DryRun(DryRun { preview: *preview, max_errors: *max_errors });
    let job = Job { intake: intake(reading, passwords.as_ref(), Watch::Record(Arc::clone(&recorder))), mode };
    let mut reporter = reporter_with_metrics(output, &reading.inputs);
    let mut timeline = Timeline::new(reporter.as_mut());
    let (mut ledger, _) = pipeline::run(job, &mut timeline, &mut signals).await;
    let timeline = timeline.into_moments();
    ledger.require_records(*min_records);
    let passwords = passwords.map(|passwords| passwords.close(ledger.stopped.is_none())).transpose()?;
    let forecast = Forecast::of(&ledger, &bounds(pace));
    let digests = recorder.inputs().into_iter().map(|input| input.digest.sha256).collect();
    let origin = Some(Origin::now(user.clone(), None, Map::new()));
    let details = RunDetails { passwords, forecast, origin, digests, timeline, ..RunDetails::default() };
    Output::of(output).report(&ledger, &details, None)
}

/// What bounds the requests of an import with this pace.
fn bounds(pace: &PaceRules) -> RequestBounds {
    RequestBounds {
        users: pace.items.min(MAX_BATCH_ITEMS),
        bytes: pace.bytes.min(MAX_BODY_BYTES),
        record_bytes: MAX_PINNED,
        added_bytes: RunMark::MOST,
        rate: pace.rate,
    }
}

/// Says which steps an import of the same inputs has.
fn log_plan(reading: &ReadingSettings) {
    let plan = MigrationPlan::of(reading.inputs.iter().map(|input| (Kind::User, input.clone())));
    let steps = plan.steps().len();
    for (number, step) in (1..).zip(plan.steps()) {
        tracing::info!("step {number} of {steps}: {step}");
    }
}
