//! The place of a record in its input, in few bytes.

/// The input (2 bytes) and the record's number (5).
pub(super) const RECORD_BYTES: usize = 7;

/// During the search: line (5), offset (6), length (4), notes (5). In a file that a run keeps: line (5), offset (6), length
/// (5), and 4 bytes without a meaning.
pub(super) const REST_BYTES: usize = 20;

/// A record, and its place in its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPlace {
    /// The index of its input.
    pub input: u16,
    /// Its number within the input, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
    /// Its length in bytes. Every record that is read is shorter than 4 GiB.
    pub length: u64,
    /// A value that the caller wants back with a duplicate after the search; at most 40 bits. No file keeps it.
    pub notes: u64,
}

/// Writes an entry, part by part.
pub(super) struct Writer<const N: usize> {
    entry: [u8; N],
    written: usize,
}

impl<const N: usize> Default for Writer<N> {
    fn default() -> Self {
        Self { entry: [0; N], written: 0 }
    }
}

impl<const N: usize> Writer<N> {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.entry[self.written..self.written + bytes.len()].copy_from_slice(bytes);
        self.written += bytes.len();
        self
    }

    /// The last bytes of a number, the most significant first, so that the order stays. A number that does not fit becomes
    /// the largest one that does; no input has that many lines.
    pub(super) fn number(&mut self, number: u64, bytes: usize) -> &mut Self {
        let largest = u64::MAX >> (64 - 8 * bytes);
        let number = number.min(largest).to_be_bytes();
        self.bytes(&number[8 - bytes..])
    }

    pub(super) fn record(&mut self, place: &RecordPlace) -> &mut Self {
        self.number(u64::from(place.input), 2).number(place.number, 5)
    }

    pub(super) fn rest(&mut self, place: &RecordPlace) -> &mut Self {
        let RecordPlace { line, offset, length, notes, .. } = *place;
        self.number(line, 5).number(offset, 6).number(length, 4).number(notes, 5)
    }

    /// The rest in the form that a run keeps on disk. This form never changes, because files of earlier versions have it.
    pub(super) fn kept_rest(&mut self, place: &RecordPlace) -> &mut Self {
        let RecordPlace { line, offset, length, .. } = *place;
        self.number(line, 5).number(offset, 6).number(length, 5).number(0, 4)
    }

    pub(super) fn done(&self) -> [u8; N] {
        debug_assert_eq!(self.written, N, "an entry is written as a whole");
        self.entry
    }
}

/// Reads an entry, part by part.
pub(super) struct Parts<'a>(pub &'a [u8]);

impl Parts<'_> {
    pub(super) fn number(&mut self, bytes: usize) -> u64 {
        let (number, rest) = self.0.split_at(bytes);
        self.0 = rest;
        number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(super) fn byte(&mut self) -> u8 {
        u8::try_from(self.number(1)).unwrap_or(u8::MAX)
    }

    pub(super) fn record(&mut self) -> RecordPlace {
        let input = u16::try_from(self.number(2)).unwrap_or(u16::MAX);
        RecordPlace { input, number: self.number(5), ..RecordPlace::default() }
    }

    pub(super) fn rest(&mut self, place: RecordPlace) -> RecordPlace {
        let (line, offset, length, notes) = (self.number(5), self.number(6), self.number(4), self.number(5));
        RecordPlace { line, offset, length, notes, ..place }
    }

    pub(super) fn kept_rest(&mut self, place: RecordPlace) -> RecordPlace {
        let (line, offset, length) = (self.number(5), self.number(6), self.number(5));
        RecordPlace { line, offset, length, ..place }
    }
}
