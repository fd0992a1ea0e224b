//! The places of the selected records, on disk.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use super::SelectionTotals;
use super::place::{PLACE_BYTES, of_place, place};
use crate::index::SortedFile;
use crate::source::{InputDigest, SumKind};

/// The places of the selected records, and what selecting them came to.
#[derive(Debug)]
pub struct SelectedRecords {
    places: SortedFile<PLACE_BYTES>,
    totals: SelectionTotals,
}

impl SelectedRecords {
    pub(super) fn new(places: SortedFile<PLACE_BYTES>, totals: SelectionTotals) -> Self {
        Self { places, totals }
    }

    /// Opens what [`Self::write`] wrote.
    pub fn open(path: &Path, totals: SelectionTotals) -> io::Result<Self> {
        Ok(Self { places: SortedFile::open(path)?, totals })
    }

    /// Writes the places into a file.
    pub fn write(&self, file: File) -> io::Result<()> {
        SortedFile::write(file, self.places.entries()).map(drop)
    }

    /// The CRC-32 of the places.
    pub fn sum(&self) -> io::Result<u32> {
        self.places.sum()
    }

    /// What selecting them came to.
    pub fn totals(&self) -> &SelectionTotals {
        &self.totals
    }

    /// By which kind of sum the inputs were known when the records were selected.
    pub fn kind_of_sum(&self) -> SumKind {
        self.totals.inputs.first().map(|digest| digest.sum.kind()).unwrap_or_default()
    }

    /// The index of the first input that is not what it was when the records were selected. `now` is what the inputs are, as
    /// far as they were read to their ends, by the same kind of sum.
    pub fn changed_input<'d>(&self, now: impl IntoIterator<Item = &'d InputDigest>) -> Option<usize> {
        self.totals.inputs.iter().zip(now).position(|(was, is)| was.is_same(is) != Some(true))
    }

    /// Whether this record is selected.
    pub(super) fn has(&self, input: u16, number: u64) -> io::Result<bool> {
        Ok(self.places.find(&place(input, number))?.is_some())
    }

    /// The numbers of the selected records among these.
    pub(super) fn among(&self, input: u16, numbers: RangeInclusive<u64>) -> io::Result<Vec<u64>> {
        let mut among = Vec::new();
        for entry in self.places.entries_from(&place(input, *numbers.start()))? {
            match of_place(entry?) {
                (of, number) if of == input && number <= *numbers.end() => among.push(number),
                _ => break,
            }
        }
        Ok(among)
    }
}
