//! Selects the records of a run, before anything else is done with its inputs.

use std::sync::Arc;

use super::super::command_error::CommandError;
use super::super::in_background::in_background;
use crate::report::Console;
use crate::selection::{NotFound, RecordsOfRun, SelectionTotals, select};
use crate::settings::ReadingSettings;
use crate::signal::Signals;

/// The records that a run of these settings takes. For a selection all inputs are read once.
pub(in crate::command) async fn records_of(
    reading: &ReadingSettings,
    console: Console,
    signals: &mut Signals,
) -> Result<RecordsOfRun, CommandError> {
    let Some(choice) = reading.selection.clone() else { return Ok(reading.shard.into()) };
    console.note("Selecting users …");
    let (inputs, limits) = (reading.inputs.clone(), reading.limits);
    let selecting = in_background("selecting users", signals, move |stop| {
        select(&inputs, limits, &choice, &std::env::temp_dir(), stop)
    });
    let selected = selecting.await??;
    note(selected.totals(), console);
    Ok(RecordsOfRun::Selected(Arc::new(selected)))
}

/// Says what of the selection came to nothing.
fn note(totals: &SelectionTotals, console: Console) {
    let SelectionTotals { unreadable, not_found: NotFound { count, first }, .. } = totals;
    if *count > 0 {
        let lines: Vec<String> = first.iter().map(u64::to_string).collect();
        let more = if *count > first.len() as u64 { " …" } else { "" };
        console.note(&format!(
            "No record has an id or an address of these lines of --only: {}{more} ({count} in all).",
            lines.join(", ")
        ));
    }
    if *unreadable > 0 {
        console.note(&format!(
            "Records that cannot be read, so that they were not selected: {unreadable}. A dry run of all users names them."
        ));
    }
}
