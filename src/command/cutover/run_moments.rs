//! When a run changed something at its target.

use jiff::Timestamp;

use crate::journal::{RunDirectory, RunRecord};

/// When a run began, when it last went on, and when it was undone; as far as that is known.
pub(super) fn run_moments(directory: &RunDirectory, record: &RunRecord) -> impl Iterator<Item = Timestamp> {
    let started = record.started.parse().ok();
    // Going on writes to the journal, and reading it does not.
    let written = std::fs::metadata(directory.journal()).and_then(|journal| journal.modified());
    let went_on = written.ok().and_then(|written| Timestamp::try_from(written).ok());
    [started, went_on, directory.undone_at()].into_iter().flatten()
}
