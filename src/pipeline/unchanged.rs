//! Which records the target is known to have as they are, from the first pass for the second one.
//!
//! Both go through the same bytes, by the same rules, and go by the same memory of what the target confirmed. So what the first
//! pass finds unchanged is neither read nor mapped again: its place in the input says what it is. It is kept in files without
//! a name, eight bytes a record, and for one part of a run only. What is not known there is mapped again, so an error
//! costs work and nothing else.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::index::{read_exact_at, write_all_at};
use crate::journal::{ConfirmedLookup, RecordOutcome, Settled};
use crate::source::RecordSpan;

/// One file is open for each input. With more of them nothing is kept.
const MOST_INPUTS: usize = 16;

/// What is kept of a record: its notices, and this bit if the target has it as it is.
const UNCHANGED: u64 = 1 << 63;

const BYTES: usize = size_of::<u64>();

/// Which records of some inputs are unchanged.
#[derive(Debug)]
pub struct UnchangedRecords {
    files: Vec<File>,
    /// How many were not mapped again.
    taken: AtomicU64,
}

/// What the first pass goes by.
#[derive(Clone, Debug)]
pub struct LookForUnchanged {
    /// What the target confirmed.
    pub confirmed: Arc<ConfirmedLookup>,
    /// Where it is kept whom that speaks of.
    pub records: Arc<UnchangedRecords>,
}

/// What is known of records that the target has as they are.
#[derive(Clone, Debug)]
pub(super) enum Unchanged {
    /// Nothing: each one is mapped and looked up.
    Unknown,
    /// Nothing yet. It is kept for the next time that the records are read.
    Keep(Arc<UnchangedRecords>),
    /// These are, and need not be mapped.
    Known(Arc<UnchangedRecords>),
}

impl Unchanged {
    /// Keeps which of the records of a chunk are unchanged, if that is wanted.
    pub(super) fn keep(&self, input: u16, spans: &[RecordSpan], unchanged: &[Settled]) {
        if let Self::Keep(records) = self {
            records.keep(input, spans, unchanged);
        }
    }

    /// The notices of each record of a chunk that is known to be unchanged.
    pub(super) fn read(&self, input: u16, spans: &[RecordSpan]) -> Vec<Option<u64>> {
        match self {
            Self::Known(records) => records.read(input, spans),
            Self::Unknown | Self::Keep(_) => Vec::new(),
        }
    }
}

impl UnchangedRecords {
    /// Room for the records of this many inputs; `None` if they are too many.
    pub fn create(inputs: usize) -> io::Result<Option<Self>> {
        if inputs > MOST_INPUTS {
            return Ok(None);
        }
        let files = (0..inputs).map(|_| tempfile::tempfile()).collect::<io::Result<_>>()?;
        Ok(Some(Self { files, taken: AtomicU64::new(0) }))
    }

    /// How many records were not mapped again so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// The file of an input, and the number of the first of these records; `None` if there are any between them that are not
    /// among them, as in a shard.
    fn place(&self, input: u16, spans: &[RecordSpan]) -> Option<(&File, u64)> {
        let (file, first, last) = (self.files.get(usize::from(input))?, spans.first()?.number, spans.last()?.number);
        (last - first + 1 == spans.len() as u64).then_some((file, first))
    }

    /// Keeps which of the records of a chunk are unchanged.
    fn keep(&self, input: u16, spans: &[RecordSpan], unchanged: &[Settled]) {
        let Some((file, first)) = self.place(input, spans) else { return };
        let mut entries = vec![[0; BYTES]; spans.len()];
        for settled in unchanged.iter().filter(|settled| settled.outcome == RecordOutcome::Unchanged) {
            let index = usize::try_from(settled.key.number - first).unwrap_or(usize::MAX);
            if let Some(entry) = entries.get_mut(index) {
                *entry = (settled.notices | UNCHANGED).to_le_bytes();
            }
        }
        // Of an entry that is written in part the last byte is missing, and with it the bit.
        if let Err(error) = write_all_at(file, entries.as_flattened(), offset(first)) {
            tracing::debug!(%error, "what is unchanged is not kept");
        }
    }

    /// The notices of each record of a chunk that is unchanged.
    fn read(&self, input: u16, spans: &[RecordSpan]) -> Vec<Option<u64>> {
        let Some((file, first)) = self.place(input, spans) else { return Vec::new() };
        let mut entries = vec![[0; BYTES]; spans.len()];
        if let Err(error) = read_exact_at(file, entries.as_flattened_mut(), offset(first)) {
            tracing::debug!(%error, "what is unchanged is not known");
            return Vec::new();
        }
        let notices = |entry| Some(u64::from_le_bytes(entry)).filter(|entry| entry & UNCHANGED != 0);
        let known: Vec<_> = entries.into_iter().map(|entry| notices(entry).map(|entry| entry & !UNCHANGED)).collect();
        self.taken.fetch_add(known.iter().flatten().count() as u64, Ordering::Relaxed);
        known
    }
}

/// Where the entry of a record is. They are numbered from 1.
fn offset(number: u64) -> u64 {
    (number - 1) * BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RecordKey;

    fn spans(numbers: std::ops::RangeInclusive<u64>) -> Vec<RecordSpan> {
        numbers.map(|number| RecordSpan { number, line: 1, offset: 0, length: 0, fault: None }).collect()
    }

    fn settled(number: u64, notices: u64) -> Settled {
        Settled { key: RecordKey { input: 1, number }, outcome: RecordOutcome::Unchanged, notices }
    }

    #[test]
    fn what_was_kept_is_known_in_chunks_of_any_size() {
        let records = UnchangedRecords::create(2).unwrap().unwrap();
        records.keep(1, &spans(5..=7), &[settled(6, 0), settled(7, 1 << 39)]);
        records.keep(1, &spans(1..=4), &[settled(2, 3)]);
        assert_eq!(records.read(1, &spans(1..=2)), [None, Some(3)]);
        assert_eq!(records.read(1, &spans(3..=7)), [None, None, None, Some(0), Some(1 << 39)]);
        assert!(records.read(1, &spans(7..=8)).is_empty(), "what is behind was not looked at");
        assert!(records.read(0, &spans(1..=2)).is_empty());
        let apart = [spans(1..=1), spans(3..=3)].concat();
        records.keep(1, &apart, &[settled(1, 9)]);
        assert!(records.read(1, &apart).is_empty());
        assert_eq!(records.read(1, &spans(1..=2)), [None, Some(3)]);
        assert!(UnchangedRecords::create(MOST_INPUTS + 1).unwrap().is_none());
    }
}
