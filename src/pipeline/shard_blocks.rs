//! Where the blocks of shards begin in the inputs, so that a shard reads its own and not those of the others.
//!
//! The first pass, which one shard does for all, goes through all records and notes where each block begins. A later read of a shard
//! goes from one of its blocks to its next one, and behind its last one to the last block of all: the end of an input is read by
//! everybody.
//!
//! ```text
//! an entry: input (2 bytes), number of its first record (6) | line (8) | offset (8); in order
//! ```

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::index::{SortedFile, Sorter};
use crate::source::{RecordSpan, ResumePoint, Shard};

/// Input and number of a record.
const KEY_BYTES: usize = 8;

const ENTRY_BYTES: usize = KEY_BYTES + 16;

/// Entries in memory: those of a million records.
const BUFFERED: usize = 1024;

/// What is done about the blocks of shards.
#[derive(Clone, Debug, Default)]
pub enum ShardBlocks {
    /// Nothing: every record is read.
    #[default]
    Unknown,
    /// It is noted where they begin.
    Note(Arc<NotedStarts>),
    /// Those of other shards are passed over.
    PassOver(Arc<BlockStarts>),
}

/// Notes where blocks begin.
#[derive(Debug)]
pub struct NotedStarts {
    /// None if some of them are lost.
    entries: Mutex<Option<Sorter<ENTRY_BYTES>>>,
}

impl Default for NotedStarts {
    fn default() -> Self {
        Self { entries: Mutex::new(Some(Sorter::new(BUFFERED, std::env::temp_dir()))) }
    }
}

impl NotedStarts {
    /// Notes the blocks that begin among some records of an input.
    pub(super) fn note(&self, input: u16, spans: &[RecordSpan]) {
        let begins = spans.iter().filter(|span| Shard::begins_block(span.number));
        let found: Vec<_> =
            begins.map(|RecordSpan { number, line, offset, .. }| entry(input, *number, *line, *offset)).collect();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = entries.as_ref().map(|entries| entries.extend(&found)) {
            tracing::debug!(%error, "where blocks begin is not kept");
            *entries = None;
        }
    }

    /// Writes what was noted, once, and returns the CRC-32 of it; nothing if some of it was lost.
    pub fn write(&self, file: File) -> io::Result<Option<u32>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(entries) = entries else { return Ok(None) };
        SortedFile::write(file, entries.finish()?.iter())?.sum().map(Some)
    }
}

/// Where all blocks of all inputs begin.
#[derive(Debug)]
pub struct BlockStarts(SortedFile<ENTRY_BYTES>);

impl BlockStarts {
    /// Opens what [`NotedStarts::write`] wrote; nothing if it has another CRC-32: from a wrong place on, records would be lost.
    pub fn open(path: &Path, sum: u32) -> io::Result<Option<Self>> {
        let file = SortedFile::open(path)?;
        Ok((file.sum()? == sum).then_some(Self(file)))
    }

    /// Where a shard goes on that has read an input up to before this record, if that is further on: at its next block, or at the
    /// last one of the input.
    pub(super) fn next_of(&self, shard: Shard, input: u16, number: u64) -> io::Result<Option<ResumePoint>> {
        if shard.takes(number) {
            return Ok(None);
        }
        let (wanted, mut last) = (shard.next_block(number), None);
        for entry in self.0.entries_from(&key(input, number))? {
            let (of, point) = read(&entry?);
            if of != input || point.number > wanted {
                break;
            }
            last = Some(point);
        }
        // If the block is not there, but one behind it, one is missing.
        Ok(last)
    }
}

fn key(input: u16, number: u64) -> [u8; KEY_BYTES] {
    (u64::from(input) << 48 | number).to_be_bytes()
}

fn entry(input: u16, number: u64, line: u64, offset: u64) -> [u8; ENTRY_BYTES] {
    let words = [key(input, number), line.to_be_bytes(), offset.to_be_bytes()];
    std::array::from_fn(|index| words[index / 8][index % 8])
}

fn read(entry: &[u8; ENTRY_BYTES]) -> (u16, ResumePoint) {
    let word = |number: usize| u64::from_be_bytes(std::array::from_fn(|index| entry[number * 8 + index]));
    let (key, line, offset) = (word(0), word(1), word(2));
    let input = u16::try_from(key >> 48).unwrap_or(u16::MAX);
    (input, ResumePoint { number: key & (u64::MAX >> 16), line, offset })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::files::create_private;

    fn span(number: u64) -> RecordSpan {
        RecordSpan { number, line: number + 1, offset: number * 100, length: 90, fault: None }
    }

    /// Two inputs with so many records each, and the blocks of both.
    fn starts(records: u64) -> BlockStarts {
        let (noted, directory) = (NotedStarts::default(), tempfile::tempdir().unwrap());
        for input in [0, 1] {
            let spans: Vec<RecordSpan> = (1..=records).map(span).collect();
            spans.chunks(700).for_each(|spans| noted.note(input, spans));
        }
        let path = directory.path().join("starts");
        let sum = noted.write(create_private(&path).unwrap()).unwrap().expect("all of them");
        assert!(noted.write(create_private(&directory.path().join("again")).unwrap()).unwrap().is_none());
        assert!(BlockStarts::open(&path, sum ^ 1).unwrap().is_none());
        BlockStarts::open(&path, sum).unwrap().expect("what was written")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        /// However far a reader looks ahead, it comes by all records of its shard, and by the last one.
        #[test]
        fn who_passes_over_the_blocks_of_others_reads_all_of_its_own(
            records in 0u64..9_000,
            of in 1u32..7,
            index in 0u32..7,
            ahead in proptest::collection::vec(1u64..2_500, 1..9),
        ) {
            let starts = starts(records);
            let shard = Shard::new(index % of, NonZeroU32::new(of).unwrap()).unwrap();
            let (mut taken, mut read, mut next, mut turn) = (Vec::new(), 0, 1, 0);
            while next <= records {
                if let Some(point) = starts.next_of(shard, 1, next).unwrap() {
                    prop_assert!(point.number >= next);
                    prop_assert_eq!((point.line, point.offset), (point.number + 1, point.number * 100));
                    next = point.number;
                }
                let end = records.min(next + ahead[turn % ahead.len()]);
                taken.extend((next..=end).filter(|number| shard.takes(*number)));
                (read, next, turn) = (read + end + 1 - next, end + 1, turn + 1);
            }
            prop_assert_eq!(taken.clone(), (1..=records).filter(|number| shard.takes(*number)).collect::<Vec<_>>());
            prop_assert!(read <= taken.len() as u64 * 7 / 2 + 2_500 + 1_000 + 2_500, "{read} for {}", taken.len());
        }
    }
}
