//! Reads a row of a CSV of which not all is there yet.

use memchr::memchr3;

use super::cells::is_blank;

/// Where in a row reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Before anything of a cell but blanks.
    #[default]
    Start,
    /// In a cell without quotes, or behind a quote where none may be: up to the separator.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote in quotes, which closes them or is the first of two.
    Quote,
    /// Behind blanks behind quotes.
    Behind,
}

/// What a piece of a row ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The bytes are used up.
    More,
    /// In front of a line break, where the row ends.
    End,
    /// Behind a line break in quotes.
    Break,
}

/// Reads cells one behind the other, as [`super::cells::Cells`] does, and finds where the row ends.
#[derive(Debug)]
pub(super) struct Scanner {
    separator: u8,
    pub state: State,
    /// Cells before the one under way.
    pub cell: usize,
    /// Absolute offset where that begins; behind its quote if it has one.
    pub start: u64,
}

impl Scanner {
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, state: State::Start, cell: 0, start: 0 }
    }

    /// Starts with a row at this absolute offset.
    pub(super) fn begin(&mut self, at: u64) {
        *self = Self { start: at, ..Self::new(self.separator) };
    }

    /// Reads on to the next end of a cell, a row or a line. How many bytes that took, and what was found; `None` at a cell.
    pub(super) fn read(&mut self, bytes: &[u8], at: u64) -> (usize, Option<Found>) {
        let mut index = 0;
        while let Some(byte) = bytes.get(index).copied() {
            match self.state {
                State::Plain => {
                    let Some(jump) = memchr3(self.separator, b'\r', b'\n', &bytes[index..]) else { break };
                    return self.ended(bytes[index + jump], index + jump, at);
                }
                State::Quoted => {
                    let Some(jump) = memchr3(b'"', b'\r', b'\n', &bytes[index..]) else { break };
                    index += jump;
                    if bytes[index] != b'"' {
                        return (index + 1, Some(Found::Break));
                    }
                    self.state = State::Quote;
                }
                State::Start if byte == b'"' => {
                    (self.state, self.start) = (State::Quoted, at + index as u64 + 1);
                }
                State::Quote if byte == b'"' => self.state = State::Quoted,
                State::Start | State::Quote | State::Behind => {
                    if matches!(byte, b'\r' | b'\n') || byte == self.separator {
                        return self.ended(byte, index, at);
                    }
                    self.state = match self.state {
                        State::Start if is_blank(byte, self.separator) => State::Start,
                        State::Quote | State::Behind if is_blank(byte, self.separator) => State::Behind,
                        _ => State::Plain,
                    };
                }
            }
            index += 1;
        }
        (bytes.len(), Some(Found::More))
    }

    /// A cell ended at this byte outside quotes.
    fn ended(&mut self, byte: u8, index: usize, at: u64) -> (usize, Option<Found>) {
        if byte != self.separator {
            return (index, Some(Found::End));
        }
        (self.state, self.start) = (State::Start, at + index as u64 + 1);
        self.cell += 1;
        (index + 1, None)
    }
}

/// Where the row at the beginning of a text ends: in front of its line break, or with the text if that is `whole`.
pub(super) fn end_of_row(text: &[u8], separator: u8, whole: bool) -> Option<usize> {
    let (mut scanner, mut read) = (Scanner::new(separator), 0);
    loop {
        let (taken, found) = scanner.read(&text[read..], read as u64);
        read += taken;
        match found {
            Some(Found::End) => return Some(read),
            Some(Found::More) => return whole.then_some(read),
            Some(Found::Break) | None => {}
        }
    }
}
