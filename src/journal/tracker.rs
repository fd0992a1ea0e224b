//! How far everything is settled, while a run goes on: the mark of each input.

use std::collections::VecDeque;

use super::entry::{ReadMark, RecordKey};

/// Watches records being settled and finds the marks. Runs along with the pipeline.
#[derive(Debug, Default)]
pub struct Tracker {
    inputs: Vec<InputMarks>,
}

/// What is known of one input.
#[derive(Debug, Default)]
struct InputMarks {
    chunks: VecDeque<Chunk>,
    /// How many records it has, once it was read to its end.
    records: Option<u64>,
}

/// Consecutive records, of which some are still open.
#[derive(Debug)]
struct Chunk {
    start: ReadMark,
    open: u64,
}

impl Tracker {
    /// Nothing read yet.
    pub fn new(inputs: usize) -> Self {
        Self { inputs: (0..inputs).map(|_| InputMarks::default()).collect() }
    }

    /// A chunk was read; `open` of its records are not settled.
    pub fn begin_chunk(&mut self, start: ReadMark, open: u64) -> Option<ReadMark> {
        let reading = self.inputs.get_mut(usize::from(start.key.input))?;
        reading.chunks.push_back(Chunk { start, open });
        reading.advance(start.key.input)
    }

    /// An input was read to its end; it has this many records.
    pub fn input_ended(&mut self, input: u16, records: u64) -> Option<ReadMark> {
        let reading = self.inputs.get_mut(usize::from(input))?;
        reading.records = Some(records);
        reading.advance(input)
    }

    /// A record was settled. Returns the new mark if that moved it.
    pub fn note_settled(&mut self, key: RecordKey) -> Option<ReadMark> {
        let reading = self.inputs.get_mut(usize::from(key.input))?;
        let index = reading.chunks.partition_point(|chunk| chunk.start.key.number <= key.number).checked_sub(1)?;
        let chunk = reading.chunks.get_mut(index)?;
        chunk.open = chunk.open.saturating_sub(1);
        reading.advance(key.input)
    }
}

impl InputMarks {
    /// Drops chunks that are settled as a whole; the start of the one behind them is the mark.
    fn advance(&mut self, input: u16) -> Option<ReadMark> {
        let mut moved = false;
        while self.chunks.len() > usize::from(self.records.is_none())
            && self.chunks.front().is_some_and(|chunk| chunk.open == 0)
        {
            self.chunks.pop_front();
            moved = true;
        }
        match self.chunks.front() {
            Some(chunk) => moved.then_some(chunk.start),
            None => self.records.map(|records| ReadMark::end(input, records)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::Progress;

    fn key(number: u64) -> RecordKey {
        RecordKey { input: 0, number }
    }

    fn mark(number: u64) -> ReadMark {
        ReadMark { key: key(number), line: number, offset: number * 100 }
    }

    proptest! {
        /// Chunks of records settled in any order: whenever it stops, nothing settled is forgotten, nothing open is
        /// taken for settled, and what lies beyond the mark stays small.
        #[test]
        fn settled_is_settled_and_open_is_open(sizes in proptest::collection::vec(1u64..20, 1..15), order in any::<u64>(), stop in any::<usize>()) {
            let mut tracker = Tracker::new(1);
            let mut progress = Progress::new(1);
            let mut next = 1;
            for size in &sizes {
                if let Some(mark) = tracker.begin_chunk(mark(next), *size) {
                    progress.reach(mark);
                }
                next += size;
            }
            let mut keys: Vec<RecordKey> = (1..next).map(key).collect();
            fastrand::Rng::with_seed(order).shuffle(&mut keys);
            let stop = stop % (keys.len() + 1);
            for key in &keys[..stop] {
                progress.note_settled([*key]);
                if let Some(mark) = tracker.note_settled(*key) {
                    progress.reach(mark);
                }
            }
            for (index, key) in keys.iter().enumerate() {
                prop_assert_eq!(progress.is_settled(*key), index < stop);
            }
        }
    }
}
