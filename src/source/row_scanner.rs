//! Reads a row of a CSV that may not have arrived completely.

use memchr::memchr3;

use super::cells::is_blank;

/// Where in a row reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RowState {
    /// At the beginning of a cell, or behind its first blanks.
    #[default]
    Start,
    /// In a cell without quotes, or behind a quote where none may be: up to the separator.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote in quotes, which closes them or is the first of two.
    Quote,
    /// Behind blanks after the closing quote.
    Behind,
}

/// How a piece of a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowPart {
    /// The bytes are used up.
    More,
    /// Before a line break, where the row ends.
    End,
    /// Behind a line break in quotes.
    Break,
}

/// Reads one cell after the other, as [`super::cells::Cells`] does, and finds where the row ends.
#[derive(Debug)]
pub(super) struct Scanner {
    separator: u8,
    pub state: RowState,
    /// The number of cells before the present one.
    pub cell: usize,
    /// The absolute offset where that cell begins; behind its quote if it has one.
    pub start: u64,
}

impl Scanner {
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, state: RowState::Start, cell: 0, start: 0 }
    }

    /// Begins with a row at this absolute offset.
    pub(super) fn begin(&mut self, at: u64) {
        *self = Self { start: at, ..Self::new(self.separator) };
    }

    /// Reads to the next end of a cell, a row or a line. Returns how many bytes that took, and what was found; `None` for a
    /// cell.
    pub(super) fn read(&mut self, bytes: &[u8], at: u64) -> (usize, Option<RowPart>) {
        let mut index = 0;
        while let Some(byte) = bytes.get(index).copied() {
            match self.state {
                RowState::Plain => {
                    let Some(jump) = memchr3(self.separator, b'\r', b'\n', &bytes[index..]) else { break };
                    return self.ended(bytes[index + jump], index + jump, at);
                }
                RowState::Quoted => {
                    let Some(jump) = memchr3(b'"', b'\r', b'\n', &bytes[index..]) else { break };
                    index += jump;
                    if bytes[index] != b'"' {
                        return (index + 1, Some(RowPart::Break));
                    }
                    self.state = RowState::Quote;
                }
                RowState::Start if byte == b'"' => {
                    (self.state, self.start) = (RowState::Quoted, at + index as u64 + 1);
                }
                RowState::Quote if byte == b'"' => self.state = RowState::Quoted,
                RowState::Start | RowState::Quote | RowState::Behind => {
                    if matches!(byte, b'\r' | b'\n') || byte == self.separator {
                        return self.ended(byte, index, at);
                    }
                    self.state = match self.state {
                        RowState::Start if is_blank(byte, self.separator) => RowState::Start,
                        RowState::Quote | RowState::Behind if is_blank(byte, self.separator) => RowState::Behind,
                        _ => RowState::Plain,
                    };
                }
            }
            index += 1;
        }
        (bytes.len(), Some(RowPart::More))
    }

    /// Handles the byte outside quotes that ends a cell.
    fn ended(&mut self, byte: u8, index: usize, at: u64) -> (usize, Option<RowPart>) {
        if byte != self.separator {
            return (index, Some(RowPart::End));
        }
        (self.state, self.start) = (RowState::Start, at + index as u64 + 1);
        self.cell += 1;
        (index + 1, None)
    }
}

/// Where the row at the beginning of a text ends: before its line break, or at the end of the text if that is `whole`.
pub(super) fn end_of_row(text: &[u8], separator: u8, whole: bool) -> Option<usize> {
    let (mut scanner, mut read) = (Scanner::new(separator), 0);
    loop {
        let (taken, found) = scanner.read(&text[read..], read as u64);
        read += taken;
        match found {
            Some(RowPart::End) => return Some(read),
            Some(RowPart::More) => return whole.then_some(read),
            Some(RowPart::Break) | None => {}
        }
    }
}
