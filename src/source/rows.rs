//! Finds the rows of a CSV.

use csv_core::ReadRecordResult;
use memchr::memchr_iter;

use super::frame::{AtEnd, Bounds, Framer, Step};
use super::record::to_index;

/// What cells are written to and nobody looks at: the rows' bytes are what is handed on.
const SCRATCH: usize = 4096;

/// Cells that are counted at once.
const CELLS: usize = 64;

/// [`Framer`] for rows as RFC 4180 has them: cells may be quoted, and quoted ones may hold line breaks. Empty lines are no
/// rows. Whether a row fits the header is decided by whoever reads its cells.
pub(super) struct RowFramer {
    /// The same that reads the cells later, so that the two never disagree about where a row ends.
    reader: csv_core::Reader,
    scratch: Box<[u8]>,
    cursor: u64,
    line: u64,
    /// Offset and line of the row under way, once a byte of it was seen.
    start: Option<(u64, u64)>,
    /// Its cells so far, but for the last one.
    cells: usize,
    /// Cells of a whole row.
    columns: usize,
    rows: u64,
}

/// Puts a reader in front of a row. It has then read something, or it would take a byte order mark for none of the row's
/// bytes.
pub(super) fn begin_row(reader: &mut csv_core::Reader) {
    reader.reset();
    reader.read_record(b"\n", &mut [0], &mut [0]);
}

impl RowFramer {
    /// A framer that begins at `offset`, on this line, in front of the row with this number.
    pub(super) fn new(offset: u64, line: u64, number: u64, columns: usize) -> Self {
        let mut reader = csv_core::Reader::new();
        begin_row(&mut reader);
        Self {
            reader,
            scratch: vec![0; SCRATCH].into(),
            cursor: offset,
            line,
            start: None,
            cells: 0,
            columns,
            rows: number - 1,
        }
    }

    /// Passes a piece of the input.
    fn pass(&mut self, piece: &[u8]) {
        self.cursor += piece.len() as u64;
        self.line += memchr_iter(b'\n', piece).count() as u64;
    }

    /// Reads on in the row under way; whether that is over, and how many bytes were read.
    fn read(&mut self, bytes: &[u8]) -> (bool, usize) {
        let mut read = 0;
        loop {
            let mut ends = [0; CELLS];
            let (result, taken, _, cells) = self.reader.read_record(&bytes[read..], &mut self.scratch, &mut ends);
            read += taken;
            self.cells += cells;
            match result {
                ReadRecordResult::Record => return (true, read),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull if read < bytes.len() => {}
                _ => return (false, read),
            }
        }
    }

    /// The row that was under way and ends here.
    fn take(&mut self, end: u64) -> Option<Bounds> {
        self.cells = 0;
        let (start, line) = self.start.take()?;
        self.rows += 1;
        Some(Bounds { start, end, line })
    }
}

impl Framer for RowFramer {
    fn step(&mut self, bytes: &[u8], base: u64) -> Step {
        let mut rest = bytes.get(to_index(self.cursor.saturating_sub(base))..).unwrap_or_default();
        if self.start.is_none() {
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.pass(&rest[..blank]);
            rest = &rest[blank..];
        }
        if rest.is_empty() {
            return Step::More;
        }
        self.start.get_or_insert((self.cursor, self.line));
        let (is_over, read) = self.read(rest);
        self.pass(&rest[..read]);
        // It ended with its line break, which is no part of it.
        let found = if is_over { self.take(self.cursor - 1) } else { None };
        found.map_or(Step::More, Step::Record)
    }

    fn finish(&mut self) -> AtEnd {
        let Some((start, line)) = self.start else { return AtEnd::Complete };
        // A line break ends the row, unless it is in quotes that were never closed.
        let (is_over, _) = self.read(b"\n");
        if is_over && self.cells >= self.columns {
            return self.take(self.cursor).map_or(AtEnd::Complete, AtEnd::Record);
        }
        let inside = format!("inside record {} (starts at line {line}, byte offset {start})", self.rows + 1);
        AtEnd::Truncated { whole: None, inside }
    }

    fn cursor(&self) -> (u64, u64) {
        (self.cursor, self.line)
    }

    fn under_way(&self) -> Option<Bounds> {
        self.start.map(|(start, line)| Bounds { start, end: self.cursor, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames a text that is fed in pieces: rows with their lines, and how it ended.
    fn frames(text: &str, columns: usize, piece: usize) -> (Vec<(u64, String)>, AtEnd) {
        let mut framer = RowFramer::new(0, 1, 1, columns);
        let (mut seen, mut available) = (Vec::new(), 0);
        loop {
            match framer.step(&text.as_bytes()[..available], 0) {
                Step::Record(bounds) => seen.push((bounds.line, bounds.of(text).to_owned())),
                _ if available == text.len() => break,
                _ => available = (available + piece).min(text.len()),
            }
        }
        let end = framer.finish();
        if let AtEnd::Record(bounds) = end {
            seen.push((bounds.line, bounds.of(text).to_owned()));
        }
        (seen, end)
    }

    #[test]
    fn rows_are_found_whatever_the_borders_of_the_buffers() {
        let text = "a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n\n1,2,3\nlast,row";
        let rows = [(1, "a,b"), (3, "\"x\r\ny\",\"say \"\"hi\"\"\""), (6, "1,2,3"), (7, "last,row")];
        for piece in 1..=text.len() {
            let (seen, end) = frames(text, 2, piece);
            assert_eq!(seen, rows.map(|(line, row)| (line, row.to_owned())), "pieces of {piece}");
            assert!(matches!(end, AtEnd::Record(_)));
        }
    }

    #[test]
    fn a_row_that_is_cut_off_is_not_taken_for_a_whole_one() {
        for text in ["1,2\n\"a,b\n1,2\n", "1,2\n3", "1,2\n\"3"] {
            let (seen, end) = frames(text, 2, 1);
            assert_eq!(seen, [(1, "1,2".to_owned())], "{text}");
            let AtEnd::Truncated { whole: None, inside } = end else { panic!("{text}: {end:?}") };
            assert_eq!(inside, "inside record 2 (starts at line 2, byte offset 4)");
        }
        assert_eq!(frames("1,2\n", 2, 1).1, AtEnd::Complete);
    }
}
