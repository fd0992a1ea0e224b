//! Where a record stands, in few bytes.

/// The input (2 bytes) and the record's number (5).
pub(super) const RECORD_BYTES: usize = 7;

/// While searching: line (5), offset (6), length (4), notes (5). In a file that is kept: line (5), offset (6), length (5), and
/// 4 bytes that mean nothing.
pub(super) const REST_BYTES: usize = 20;

/// A record, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPlace {
    /// Index of the input.
    pub input: u16,
    /// The record's number within it, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
    /// Its length in bytes: below 4 GiB, as that of each record that is read at all.
    pub length: u64,
    /// What the caller wants to know again about a duplicate while searching; 40 bits at the most, which no file keeps.
    pub notes: u64,
}

/// Puts an entry together.
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

    /// The last bytes of a number, the most significant first, so that order is kept. What does not fit is cut to the
    /// largest number that does: a terabyte of lines is not met.
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

    /// As it is kept in a file. This never changes: files of earlier versions are read by it.
    pub(super) fn kept_rest(&mut self, place: &RecordPlace) -> &mut Self {
        let RecordPlace { line, offset, length, .. } = *place;
        self.number(line, 5).number(offset, 6).number(length, 5).number(0, 4)
    }

    pub(super) fn done(&self) -> [u8; N] {
        debug_assert_eq!(self.written, N, "an entry is written as a whole");
        self.entry
    }
}

/// Takes an entry apart.
pub(super) struct Parts<'a>(pub &'a [u8]);

impl Parts<'_> {
    pub(super) fn number(&mut self, bytes: usize) -> u64 {
        let (number, rest) = self.0.split_at(bytes);
        self.0 = rest;
        number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
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
