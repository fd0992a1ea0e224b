//! What a report says about a selection.

use std::fmt;

use serde::Serialize;

use crate::human::{count, plural};
use crate::selection::{NotFound, SelectionRecord, SelectionTotals};

/// What a report says about a selection. No personal datum is in it.
#[derive(Clone, Debug, Serialize)]
pub struct SelectionReport {
    /// How the users were chosen.
    options: SelectionRecord,
    /// How many records the inputs have.
    records: u64,
    /// How many of them were selected.
    selected: u64,
    /// Records that cannot be read, and so were not selected.
    unreadable: u64,
    /// Entries of the list that no record has.
    not_found: NotFound,
}

impl SelectionReport {
    /// The report of a selection.
    pub fn new(options: SelectionRecord, totals: &SelectionTotals) -> Self {
        let SelectionTotals { records, selected, unreadable, not_found, .. } = totals.clone();
        Self { options, records, selected, unreadable, not_found }
    }
}

impl fmt::Display for SelectionReport {
    /// The line of the summary.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, records, selected, .. } = self;
        write!(formatter, "Selection: {} of {} ({options}).", count(*selected), plural(*records, "record"))
    }
}
