//! Finds the records of an NDJSON input: one on each line.

use memchr::memchr;

use super::byte_order_mark::BYTE_ORDER_MARK;
use super::frame::{AtEnd, Bounds, FrameStep, Framer};

/// [`Framer`] for lines. Blank lines are not records. A record does not include what is around it: white space, a byte order
/// mark if files were put together, and a comma if the lines come from an array.
#[derive(Debug)]
pub(super) struct LineFramer {
    cursor: u64,
    line: u64,
    /// The start of the unfinished record, if a byte of it was seen.
    start: Option<u64>,
    /// One past its last byte that is neither white space nor such a comma.
    end: u64,
    /// One past the last byte that is not white space, and that byte.
    last: (u64, u8),
    /// How many bytes of a byte order mark were seen, with nothing else before them. It is the length of [`BYTE_ORDER_MARK`]
    /// when the mark is complete.
    mark: usize,
}

impl LineFramer {
    /// A framer that begins at `offset`, which is on this line.
    pub(super) fn new(offset: u64, line: u64) -> Self {
        Self { cursor: offset, line, start: None, end: offset, last: (offset, b' '), mark: 0 }
    }

    /// Handles the bytes of one line, or of a part of it.
    fn take(&mut self, piece: &[u8], at: u64) {
        let begin = self.begin(piece, at);
        let Some(last) = piece.iter().rposition(|byte| !is_space(*byte)).filter(|last| *last >= begin) else { return };
        let position = |index: usize| (at + index as u64 + 1, piece[index]);
        let before = piece[begin..last].iter().rposition(|byte| !is_space(*byte));
        let before = before.map_or(self.last, |index| position(begin + index));
        self.last = position(last);
        self.end = if piece[last] == b',' && before.1 == b'}' { before.0 } else { self.last.0 };
    }

    /// Looks for the first byte of the record. Returns how many bytes are certainly before it.
    fn begin(&mut self, piece: &[u8], at: u64) -> usize {
        if self.start.is_some() {
            return 0;
        }
        for (index, byte) in piece.iter().enumerate() {
            match BYTE_ORDER_MARK.get(self.mark) {
                Some(expected) if byte == expected => self.mark += 1,
                Some(_) if self.mark > 0 => {
                    // It only looked like a byte order mark.
                    let here = at + index as u64;
                    self.start = Some(here - self.mark as u64);
                    (self.end, self.last) = (here, (here, BYTE_ORDER_MARK[self.mark - 1]));
                    return index;
                }
                _ if is_space(*byte) => {}
                _ => {
                    self.start = Some(at + index as u64);
                    return index;
                }
            }
        }
        piece.len()
    }

    fn bounds(&mut self) -> Option<Bounds> {
        let found = self.unfinished();
        self.start = None;
        self.mark = 0;
        self.last.1 = b' ';
        found
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

impl Framer for LineFramer {
    fn step(&mut self, bytes: &[u8], base: u64) -> FrameStep {
        loop {
            let index = super::record::to_index(self.cursor.saturating_sub(base));
            let rest = bytes.get(index..).unwrap_or_default();
            let Some(length) = memchr(b'\n', rest) else {
                self.take(rest, self.cursor);
                self.cursor += rest.len() as u64;
                return FrameStep::More;
            };
            self.take(&rest[..length], self.cursor);
            self.cursor += length as u64;
            let found = self.bounds();
            self.cursor += 1;
            self.line += 1;
            if let Some(bounds) = found {
                return FrameStep::Record(bounds);
            }
        }
    }

    fn finish(&mut self) -> AtEnd {
        self.bounds().map_or(AtEnd::Complete, AtEnd::Record)
    }

    fn cursor(&self) -> (u64, u64) {
        (self.cursor, self.line)
    }

    fn unfinished(&self) -> Option<Bounds> {
        let Self { line, cursor, mark, .. } = *self;
        match self.start {
            Some(start) => Some(Bounds { start, end: self.end, line }),
            // What may become a mark is kept as if it were a record. It is a record if the line ends here.
            None if (1..BYTE_ORDER_MARK.len()).contains(&mark) => {
                Some(Bounds { start: cursor - mark as u64, end: cursor, line })
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_record_with_any_size_of_buffers() {
        let text = "{\"a\":1}\r\n\n  {\"b\":2}  \n{broken\n\u{feff} {\"c\":3} ,\r\n\u{feff}\n\u{fe00},\n,\n{},,\n7,\n{\"d\":4},";
        for piece in 1..=text.len() {
            let mut framer = LineFramer::new(0, 1);
            let mut seen = Vec::new();
            let mut available = 0;
            let mut keep = |bounds: Bounds| {
                seen.push((bounds.line, bounds.of(text).to_owned()));
            };
            loop {
                match framer.step(&text.as_bytes()[..available], 0) {
                    FrameStep::Record(bounds) => keep(bounds),
                    FrameStep::More if available < text.len() => available = (available + piece).min(text.len()),
                    _ => break,
                }
            }
            if let AtEnd::Record(bounds) = framer.finish() {
                keep(bounds);
            }
            let json = [(1, "{\"a\":1}"), (3, "{\"b\":2}"), (4, "{broken"), (5, "{\"c\":3}")];
            let others = [(7, "\u{fe00},"), (8, ","), (9, "{},,"), (10, "7,"), (11, "{\"d\":4}")];
            let expected: Vec<_> = json.into_iter().chain(others).collect();
            let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
            assert_eq!(seen, expected, "pieces of {piece}");
        }
    }
}
