//! What a job takes of the machine, for the log: memory, and records that cost more than the usual ones.

use super::reading::intake::intake;
use crate::fast_json;
use crate::pace::PaceRules;
use crate::pipeline::{MemoryBound, MemoryUsed};
use crate::selection::RecordsOfRun;
use crate::settings::ReadingSettings;
use crate::source::Watch;

const MEBIBYTE: u64 = 1024 * 1024;

/// Logs the bound before a job; `sending` is how it is sent, if it is.
pub(in crate::command) fn log_bound(reading: &ReadingSettings, sending: Option<&PaceRules>) {
    let MemoryBound { usual, largest, long_answers } =
        MemoryBound::of(&intake(reading, &RecordsOfRun::All, None, None, Watch::Nothing), sending);
    tracing::info!(
        usual_mib = usual / MEBIBYTE,
        with_largest_records_mib = largest / MEBIBYTE,
        more_with_long_answers_mib = long_answers / MEBIBYTE,
        "memory is bounded, for any number of users"
    );
}

/// Logs the peak after it, and how many records were not read the short way.
pub fn log_peak() {
    tracing::info!(records = fast_json::left(), "records that were read the long way");
    if let Some(MemoryUsed { peak, code }) = MemoryUsed::of_this_process() {
        tracing::info!(kib = peak / 1024, code_kib = code / 1024, "peak memory");
    }
}
