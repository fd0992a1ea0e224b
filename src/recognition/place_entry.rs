//! What a run keeps of each record of its inputs between its two passes, in entries of one size.

use crate::source::RecordSpan;

/// The bytes of an entry.
pub(super) const ENTRY_BYTES: usize = 40;

/// What is known of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Only where it is.
    #[default]
    Other,
    /// The target has it as it is; it was recognized by its bytes.
    Recognized,
    /// The target has it as it is, which was found out by mapping it; it is a candidate.
    Confirmed,
    /// It is one if the target confirms it.
    Candidate,
    /// The target has it as it is, and it is no candidate.
    Unchanged,
}

/// A record of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PlaceEntry {
    /// Its line, from 1; 0 if there is no entry.
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    /// Its number in the file of known records, or its place among the candidates.
    pub reference: u64,
    pub notices: u64,
    pub state: State,
}

impl PlaceEntry {
    /// The entry of a record of which nothing else is known.
    pub(super) fn of(span: &RecordSpan) -> Self {
        Self { line: span.line, offset: span.offset, length: span.length, ..Self::default() }
    }

    /// Whether the target has it as it is.
    pub(super) fn is_unchanged(&self) -> bool {
        matches!(self.state, State::Recognized | State::Confirmed | State::Unchanged)
    }

    /// Its bytes. The state is in the last one: of an entry that was written in part it is missing, and nothing is known then.
    pub(super) fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let state = match self.state {
            State::Other => 0,
            State::Recognized => 1,
            State::Confirmed => 2,
            State::Candidate => 3,
            State::Unchanged => 4,
        };
        let last = self.notices | state << 56;
        let words = [self.line, self.offset, self.length, self.reference, last].map(u64::to_le_bytes);
        std::array::from_fn(|index| words[index / 8][index % 8])
    }

    pub(super) fn of_bytes(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let word = |number: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[number * 8 + index]));
        let last = word(4);
        let state = match last >> 56 {
            1 => State::Recognized,
            2 => State::Confirmed,
            3 => State::Candidate,
            4 => State::Unchanged,
            _ => State::Other,
        };
        let notices = last & (u64::MAX >> 8);
        Self { line: word(0), offset: word(1), length: word(2), reference: word(3), notices, state }
    }
}
