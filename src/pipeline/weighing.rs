//! How many bytes the records of a chunk would be when they are sent.
//!
//! A dry run does not need the form in which records are sent, and to write it takes time. So only the first few of each chunk
//! are written, and the others of the chunk are taken to be alike: records that stand together come from the same export.

/// How many records are weighed of a chunk that is among the first: a small input has no other ones.
const OF_FIRST: u32 = 16;

/// How many records are weighed of each later chunk.
const OF_LATER: u32 = 4;

/// Chunks that begin with one of so many records are among the first.
const FIRST: u64 = 1_000;

/// The bytes of a chunk's records, before and after.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weighing {
    weighed: u32,
    wanted: u32,
    records: u64,
    weighed_records: u64,
    sent: u64,
}

impl Weighing {
    /// For a chunk that begins with the record of this number.
    pub(super) fn of_chunk(first: u64) -> Self {
        Self { wanted: if first <= FIRST { OF_FIRST } else { OF_LATER }, ..Self::default() }
    }

    /// Whether the next record is to be weighed.
    pub(super) fn wants_next(&self) -> bool {
        self.weighed < self.wanted
    }

    /// Adds a record of this many bytes; `sent` is what it is when it is sent, if that was written.
    pub(super) fn add(&mut self, record: u64, sent: Option<u64>) {
        self.records += record;
        if let Some(sent) = sent {
            self.weighed += 1;
            self.weighed_records += record;
            self.sent += sent;
        }
    }

    /// Bytes of all records that were added.
    pub(super) fn record_bytes(&self) -> u64 {
        self.records
    }

    /// About how many bytes they are when they are sent.
    pub(super) fn sent_bytes(&self) -> u64 {
        let all = u128::from(self.sent) * u128::from(self.records) / u128::from(self.weighed_records.max(1));
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_weighed_is_like_what_was() {
        for (first, few) in [(1, OF_FIRST), (FIRST, OF_FIRST), (FIRST + 1, OF_LATER)] {
            let mut weighing = Weighing::of_chunk(first);
            assert_eq!((weighing.sent_bytes(), weighing.wants_next()), (0, true));
            (0..few).for_each(|_| weighing.add(100, Some(50)));
            assert!(!weighing.wants_next());
            assert_eq!(weighing.sent_bytes(), u64::from(few) * 50, "all were weighed");
            (0..few).for_each(|_| weighing.add(200, None));
            assert_eq!(weighing.record_bytes(), u64::from(few) * 300);
            assert_eq!(weighing.sent_bytes(), u64::from(few) * 150);
        }
    }
}
