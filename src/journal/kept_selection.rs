//! Which records a run takes, kept in its directory: a resumed run takes the same ones, whatever became of the list by which
//! they were chosen.

use std::fs::File;
use std::io;

use serde::{Deserialize, Serialize};

use super::RunDirectory;
use super::run_file::{fault, read_json};
use crate::files::{put_private, replace_private};
use crate::selection::{SelectedRecords, SelectionTotals};

/// `selection.json`
#[derive(Serialize, Deserialize)]
struct KeptSelection {
    /// The CRC-32 of the places of the records.
    sum: u32,
    #[serde(flatten)]
    totals: SelectionTotals,
}

impl RunDirectory {
    /// Keeps which records the run takes.
    pub fn keep_selection(&self, selected: &SelectedRecords) -> io::Result<()> {
        put_private(&self.selection(), |file: File| selected.write(file))?;
        let kept = KeptSelection { sum: selected.sum()?, totals: selected.totals().clone() };
        replace_private(&self.selection_totals(), |file| serde_json::to_writer_pretty(file, &kept).map_err(Into::into))
    }

    /// The records that the run takes.
    pub fn read_selection(&self) -> io::Result<SelectedRecords> {
        let wrong = |path: &std::path::Path, problem: &str| {
            fault(
                path,
                "which says whom the run is about",
                problem,
                "put it back from a copy, or begin again with --new-run",
            )
        };
        let totals = self.selection_totals();
        let kept: Option<KeptSelection> = read_json(&totals).map_err(|problem| wrong(&totals, &problem))?;
        let Some(KeptSelection { sum, totals }) = kept else { return Err(wrong(&totals, "is missing")) };
        let places = self.selection();
        let selected = SelectedRecords::open(&places, totals).map_err(|error| wrong(&places, &error.to_string()))?;
        if selected.sum()? == sum { Ok(selected) } else { Err(wrong(&places, "is damaged")) }
    }
}
