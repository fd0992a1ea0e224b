//! What shows how far a job is.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::outcomes::{Reporter, Silent};
use crate::report::{Bars, JsonLines, ListingProgress, Measured, PlainLines, ProgressDisplay, ShownProgress};
use crate::settings::{OutputSettings, ProgressMode};
use crate::source::Input;

/// How often a display is renewed.
const TICK: Duration = Duration::from_millis(100);

/// Starts the job's metrics. It holds all that it needs by now, its locks above all, so they are the current ones.
pub(in crate::command) fn start_metrics(output: &OutputSettings, run: Option<&str>) {
    if let Some(metrics) = &output.metrics {
        metrics.begin(run);
    }
}

/// What shows the progress of the job itself.
pub(in crate::command) fn reporter_with_metrics(output: &OutputSettings, inputs: &[Input]) -> Box<dyn Reporter> {
    let shown = reporter(output.progress, inputs);
    match &output.metrics {
        Some(metrics) => Box::new(Measured::new(shown, Arc::clone(metrics))),
        None => shown,
    }
}

/// What shows the progress of the first pass.
pub(in crate::command) fn reporter_of_search(progress: ProgressMode, inputs: &[Input]) -> Box<dyn Reporter> {
    match progress {
        ProgressMode::Json(every) => Box::new(JsonLines::of_search(every)),
        progress => reporter(progress, inputs),
    }
}

fn reporter(progress: ProgressMode, inputs: &[Input]) -> Box<dyn Reporter> {
    match progress {
        ProgressMode::Bars => Box::new(Bars::new(inputs.iter().map(Input::size).sum())),
        ProgressMode::Plain => Box::new(PlainLines::new()),
        ProgressMode::Json(every) => Box::new(JsonLines::new(every)),
        ProgressMode::None => Box::new(Silent),
    }
}

/// What shows how far a job is that is no run of the pipeline, and of how much, if that is known.
pub(in crate::command) fn display(progress: ProgressMode, total: Option<u64>) -> ProgressDisplay {
    match progress {
        ProgressMode::Bars => ProgressDisplay::bar(total),
        ProgressMode::Plain => ProgressDisplay::lines(),
        ProgressMode::Json(every) => ProgressDisplay::json(every),
        ProgressMode::None => ProgressDisplay::silent(),
    }
}

/// Shows how much of the target's list was read, for ever.
pub(in crate::command) async fn while_listing(progress: ProgressMode, listed: &Cell<u64>) -> Infallible {
    while_working(display(progress, None), || ListingProgress { listed: listed.get() }).await
}

/// Shows how far a job is, several times a second and for ever. What is shown goes when this is dropped.
pub(in crate::command) async fn while_working<P: ShownProgress>(
    mut display: ProgressDisplay,
    now: impl Fn() -> P,
) -> Infallible {
    let started = Instant::now();
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        display.update(&now(), started.elapsed());
    }
}
