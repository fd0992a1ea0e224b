//! Finds the records of an NDJSON input: one a line.

use memchr::memchr;

use super::frame::{AtEnd, Bounds, Framer, Step};

/// [`Framer`] for lines. Blank lines are no records; white space around a record is not part of it.
#[derive(Debug)]
pub(super) struct LineFramer {
    cursor: u64,
    line: u64,
    /// Start of the record under way, once a byte of it was seen.
    start: Option<u64>,
    /// One past its last byte that is not white space.
    end: u64,
}

impl LineFramer {
    /// A framer that begins at `offset`, which is on this line.
    pub(super) fn new(offset: u64, line: u64) -> Self {
        Self { cursor: offset, line, start: None, end: offset }
    }

    /// Takes the bytes of (a piece of) one line.
    fn take(&mut self, piece: &[u8], at: u64) {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        if let Some(last) = piece.iter().rposition(|byte| !is_space(byte)) {
            if self.start.is_none() {
                self.start = piece.iter().position(|byte| !is_space(byte)).map(|first| at + first as u64);
            }
            self.end = at + last as u64 + 1;
        }
    }

    fn bounds(&mut self) -> Option<Bounds> {
        self.start.take().map(|start| Bounds { start, end: self.end, line: self.line })
    }
}

impl Framer for LineFramer {
    fn step(&mut self, bytes: &[u8], base: u64) -> Step {
        loop {
            let index = super::record::to_index(self.cursor.saturating_sub(base));
            let rest = bytes.get(index..).unwrap_or_default();
            let Some(length) = memchr(b'\n', rest) else {
                self.take(rest, self.cursor);
                self.cursor += rest.len() as u64;
                return Step::More;
            };
            self.take(&rest[..length], self.cursor);
            self.cursor += length as u64 + 1;
            let found = self.bounds();
            self.line += 1;
            if let Some(bounds) = found {
                return Step::Record(bounds);
            }
        }
    }

    fn finish(&mut self) -> AtEnd {
        self.bounds().map_or(AtEnd::Complete, AtEnd::Record)
    }

    fn cursor(&self) -> (u64, u64) {
        (self.cursor, self.line)
    }

    fn under_way(&self) -> Option<Bounds> {
        self.start.map(|start| Bounds { start, end: self.end, line: self.line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_a_line_whatever_the_borders_of_the_buffers() {
        let text = "{\"a\":1}\r\n\n  {\"b\":2}  \n{broken\n{\"c\":3}";
        for piece in 1..=text.len() {
            let mut framer = LineFramer::new(0, 1);
            let mut seen = Vec::new();
            let mut available = 0;
            let mut keep = |bounds: Bounds| {
                seen.push((bounds.line, bounds.of(text).to_owned()));
            };
            loop {
                match framer.step(&text.as_bytes()[..available], 0) {
                    Step::Record(bounds) => keep(bounds),
                    Step::More if available < text.len() => available = (available + piece).min(text.len()),
                    _ => break,
                }
            }
            if let AtEnd::Record(bounds) = framer.finish() {
                keep(bounds);
            }
            let expected = [(1, "{\"a\":1}"), (3, "{\"b\":2}"), (4, "{broken"), (5, "{\"c\":3}")];
            assert_eq!(seen, expected.map(|(line, text)| (line, text.to_owned())), "pieces of {piece}");
        }
    }
}
