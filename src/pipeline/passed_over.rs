//! Stretches of an input that the second pass does not read, because all of their records are unchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::duplicates::DuplicateCheck;
use super::mapped_chunk::MappedChunk;
use super::unchanged::Unchanged;
use crate::delivery::Piece;
use crate::journal::{Progress, ReadMark, RecordKey, RecordOutcome, Settled};
use crate::outcomes::ForecastCounts;
use crate::outcomes::booking::MappedChunkCounts;
use crate::recognition::{UnchangedRecords, UnchangedStretch};
use crate::source::{Input, RecordChunk, RecordReader, ResumePoint};

/// How many records are passed over at once.
const TOGETHER: usize = 1024;

/// So many are looked at first: behind a changed record there is mostly no long stretch, and then little was read in vain.
const FIRST_LOOK: usize = 64;

/// A stretch is worth it from so many bytes on, or if it has `TOGETHER` records: a reader begins anew behind it.
const WORTH: u64 = 512 * 1024;

/// Says what the second pass need not read.
pub(super) struct PassedOver {
    records: Arc<UnchangedRecords>,
    duplicates: DuplicateCheck,
}

impl PassedOver {
    /// Nothing is passed over in a run of which an earlier part has settled some records.
    pub(super) fn of(
        unchanged: &Unchanged,
        duplicates: &DuplicateCheck,
        progress: &Progress,
        inputs: usize,
    ) -> Option<Self> {
        match unchanged {
            Unchanged::SecondPass(records) if *progress == Progress::new(inputs) => {
                Some(Self { records: Arc::clone(records), duplicates: duplicates.clone() })
            }
            _ => None,
        }
    }

    /// The next records that need not be read, and where to go on behind them. The reader stands before the first of a stretch;
    /// `passed_to` is where the ones before end, if they were passed over already.
    pub(super) fn next(
        &self,
        (index, input): (u16, &Input),
        reader: &RecordReader,
        passed_to: Option<ResumePoint>,
    ) -> Option<(MappedChunk, ResumePoint)> {
        let stretch = match passed_to {
            Some(point) => self.piece(index, point.number, TOGETHER)?,
            None => self.begin((index, input), reader)?,
        };
        self.records.pass_over(&stretch);
        Some((settled(index, input, &stretch), stretch.behind))
    }

    /// The records at which a reader stands, if they are a long stretch. An input that can be read only from its beginning is read.
    fn begin(&self, (index, input): (u16, &Input), reader: &RecordReader) -> Option<UnchangedStretch> {
        if !matches!(input, Input::File(_)) || !reader.can_begin_anywhere() {
            return None;
        }
        let next = reader.records() + 1;
        let look = self.piece(index, next, FIRST_LOOK)?;
        self.piece(index, next, TOGETHER).filter(|piece| {
            let bytes = piece.behind.offset - piece.first.offset;
            look.notices.len() == FIRST_LOOK && (bytes >= WORTH || piece.notices.len() == TOGETHER)
        })
    }

    /// The unchanged records from this one on. One that has something in common with another record has to be looked at.
    fn piece(&self, input: u16, first: u64, most: usize) -> Option<UnchangedStretch> {
        let most = match &self.duplicates {
            DuplicateCheck::Reject(found) => match found.first_from(input, first) {
                Ok(Some(next)) if next.input == input => {
                    most.min(usize::try_from(next.number - first).unwrap_or(usize::MAX))
                }
                Ok(_) => most,
                Err(error) => {
                    tracing::debug!(%error, "the duplicates cannot be read");
                    return None;
                }
            },
            DuplicateCheck::Off | DuplicateCheck::Find(_) => return None,
        };
        self.records.unchanged_from(input, first, most)
    }
}

/// What came of a stretch, in the form of a chunk in which nothing is to be sent.
fn settled(index: u16, input: &Input, stretch: &UnchangedStretch) -> MappedChunk {
    let UnchangedStretch { first, notices, behind } = stretch;
    let unchanged: Vec<Settled> = (first.number..)
        .zip(notices)
        .map(|(number, notices)| Settled {
            key: RecordKey { input: index, number },
            outcome: RecordOutcome::Unchanged,
            notices: *notices,
        })
        .collect();
    let count = unchanged.len() as u64;
    let key = RecordKey { input: index, number: first.number };
    let counts = MappedChunkCounts {
        start: ReadMark { key, line: first.line, offset: first.offset },
        last: behind.number - 1,
        not_settled_before: count,
        valid: count,
        not_asked: count,
        consumed: behind.offset,
        notices: Vec::new(),
        previews: Vec::new(),
        rejects_of_others: BTreeMap::new(),
        forecast_counts: ForecastCounts { records: count, ..ForecastCounts::default() },
    };
    let (bytes, spans) = (Vec::new().into(), Vec::new());
    let chunk =
        RecordChunk { input: input.name(), bytes, base: behind.offset, spans, header: None, consumed: behind.offset };
    let (encoded, ready, rejects) = (Piece::default(), Vec::new(), Vec::new());
    MappedChunk { input: index, chunk: Arc::new(chunk), encoded, ready, unchanged, rejects, counts }
}
