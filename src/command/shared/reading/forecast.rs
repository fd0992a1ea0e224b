//! What a dry run says beforehand of an import: its steps, its selection, its requests.

use crate::delivery::MAX_PINNED;
use crate::destination::RunMark;
use crate::outcomes::Ledger;
use crate::pace::PaceRules;
use crate::report::{Forecast, RequestBounds, SelectionReport};
use crate::selection::RecordsOfRun;
use crate::settings::{MostOfRequest, ReadingSettings};

/// Which part of the inputs was selected, if one was.
pub(in crate::command) fn selection_report(
    reading: &ReadingSettings,
    records: &RecordsOfRun,
) -> Option<SelectionReport> {
    let selection = records.selected().zip(reading.selection.as_ref());
    selection.map(|(selected, choice)| SelectionReport::new(choice.record(), selected.totals()))
}

/// What an import with this pace would take.
pub(in crate::command) fn forecast(
    ledger: &Ledger,
    pace: &PaceRules,
    most_of_request: MostOfRequest,
) -> Option<Forecast> {
    Forecast::of(ledger, &request_bounds(pace, most_of_request))
}

/// What bounds the requests of an import with this pace.
pub(in crate::command) fn request_bounds(pace: &PaceRules, most_of_request: MostOfRequest) -> RequestBounds {
    RequestBounds {
        users: pace.items.min(most_of_request.users),
        bytes: pace.bytes.min(most_of_request.bytes),
        record_bytes: MAX_PINNED,
        added_bytes: RunMark::MOST,
        rate: pace.rate,
    }
}

/// Says which steps an import of the same inputs has.
pub(in crate::command) fn log_plan(reading: &ReadingSettings) {
    let plan = reading.plan();
    let steps = plan.steps().len();
    for (number, step) in (1..).zip(plan.steps()) {
        tracing::info!("step {number} of {steps}: {step}");
    }
}
