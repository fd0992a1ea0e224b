//! Recognizes the records of an export, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::known_file::{KnownFile, KnownRecord, KnownRecords};
use super::{Fingerprint, RecordHash};
use crate::source::{ExpectedRecords, Extent};

/// How many records that are in the file and not in the export may stand in a row. Behind more of them nobody is known.
pub(super) const WINDOW: usize = 1024;

/// A record that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognized {
    /// Its number in the file.
    pub(super) number: u64,
    /// Its notices.
    pub notices: u64,
}

#[cfg(test)]
impl Recognized {
    /// Some record of the file.
    pub(crate) fn some() -> Self {
        Self { number: 0, notices: 0 }
    }
}

/// Goes through the file of known records beside the reader.
#[derive(Debug)]
pub struct Recognizer {
    file: Arc<KnownFile>,
    records: KnownRecords,
    /// The next records in the file.
    window: VecDeque<KnownRecord>,
    /// How far the next record of the export goes, if it is the next one in the file.
    is_next: Option<Extent>,
    /// Which of the records that were found are known, until [`Self::take`].
    recognized: Vec<Option<Recognized>>,
}

impl Recognizer {
    /// One that stands at the beginning of the file.
    pub fn of(file: Arc<KnownFile>) -> Self {
        let (records, window) = (KnownRecords::of(Arc::clone(&file)), VecDeque::new());
        Self { file, records, window, is_next: None, recognized: Vec::new() }
    }

    /// Which of the records are known that were found since the last call, which is to say those of a chunk.
    pub fn take(&mut self) -> Vec<Option<Recognized>> {
        std::mem::take(&mut self.recognized)
    }

    /// The record at this place in the window; nothing behind the end of the file.
    fn at(&mut self, place: usize) -> Option<KnownRecord> {
        if place == self.window.len() {
            let next = self.records.next().unwrap_or_else(|error| {
                tracing::debug!(%error, "the file of known records cannot be read");
                None
            });
            self.window.push_back(next?);
        }
        self.window.get(place).copied()
    }

    /// The place of the first of the next records with this hash.
    fn place_of(&mut self, hash: &RecordHash) -> Option<usize> {
        for place in 0..WINDOW {
            if self.at(place)?.fingerprint.hash == *hash {
                return Some(place);
            }
        }
        None
    }
}

impl ExpectedRecords for Recognizer {
    fn extent_of_next(&mut self, bytes: &[u8]) -> Option<Extent> {
        self.is_next = None;
        let Fingerprint { hash, extent } = self.at(0)?.fingerprint;
        let record = bytes.get(..usize::try_from(extent.bytes).ok()?)?;
        self.is_next = (self.file.secret().hash(record) == hash).then_some(extent);
        self.is_next
    }

    /// The record is the first of the next ones with its bytes. Those before it are not in the export any more.
    fn found(&mut self, record: Option<&[u8]>) {
        let is_next = self.is_next.take();
        let place = record.and_then(|record| match is_next {
            Some(extent) if record.len() as u64 == u64::from(extent.bytes) => Some(0),
            _ => self.place_of(&self.file.secret().hash(record)),
        });
        let known = place.and_then(|place| self.window.drain(..=place).next_back());
        self.recognized.push(known.map(|KnownRecord { number, notices, .. }| Recognized { number, notices }));
    }
}
