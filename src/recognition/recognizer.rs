//! Recognizes the records of an export, in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use super::RecordHash;
use super::known_file::{KnownFile, KnownRecord, KnownRecords};
use crate::source::RecordChunk;

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
}

impl Recognizer {
    /// One that stands at the beginning of the file.
    pub fn of(file: Arc<KnownFile>) -> Self {
        Self { records: KnownRecords::of(Arc::clone(&file)), file, window: VecDeque::new() }
    }

    /// Which of the records of a chunk are known. Chunks come in the order of the export.
    pub fn recognize(&mut self, chunk: &RecordChunk) -> Vec<Option<Recognized>> {
        // What a row of a CSV means depends on its header.
        if chunk.header.is_some() {
            return Vec::new();
        }
        let records = chunk.spans.iter().map(|span| (span.fault.is_none(), chunk.record(span)));
        let found = |(is_whole, record): (bool, &[u8])| {
            let hash = is_whole.then(|| self.file.secret().hash(record))?;
            self.find(&hash)
        };
        records.map(found).collect()
    }

    /// The first of the next records with this hash. Those before it are not in the export any more.
    fn find(&mut self, hash: &RecordHash) -> Option<Recognized> {
        for at in 0..WINDOW {
            if at == self.window.len() {
                let next = self.records.next().unwrap_or_else(|error| {
                    tracing::debug!(%error, "the file of known records cannot be read");
                    None
                });
                self.window.push_back(next?);
            }
            if let Some(KnownRecord { number, notices, .. }) = self.window.get(at).filter(|known| known.hash == *hash) {
                let found = Recognized { number: *number, notices: *notices };
                self.window.drain(..=at);
                return Some(found);
            }
        }
        None
    }
}
