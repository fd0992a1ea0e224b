//! What shows how far a job is.

use std::sync::Arc;

use crate::account::{Reporter, Silent};
use crate::report::{Bars, JsonLines, Measured, PlainLines, ProgressDisplay};
use crate::settings::{OutputSettings, ProgressMode};
use crate::source::Input;

/// Starts the job's metrics. It holds all that it needs by now, its locks above all, so they are the current ones.
pub(super) fn start_metrics(output: &OutputSettings, run: Option<&str>) {
    if let Some(metrics) = &output.metrics {
        metrics.begin(run);
    }
}

/// What shows the progress of the job itself.
pub(super) fn reporter_with_metrics(output: &OutputSettings, inputs: &[Input]) -> Box<dyn Reporter> {
    let shown = reporter(output.progress, inputs);
    match &output.metrics {
        Some(metrics) => Box::new(Measured::new(shown, Arc::clone(metrics))),
        None => shown,
    }
}

/// What shows the progress of the first pass.
pub(super) fn reporter_of_search(progress: ProgressMode, inputs: &[Input]) -> Box<dyn Reporter> {
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
pub(super) fn display(progress: ProgressMode, total: Option<u64>) -> ProgressDisplay {
    match progress {
        ProgressMode::Bars => ProgressDisplay::bar(total),
        ProgressMode::Plain => ProgressDisplay::lines(),
        ProgressMode::Json(every) => ProgressDisplay::json(every),
        ProgressMode::None => ProgressDisplay::silent(),
    }
}
