//! Finds the rows of a CSV.

mod breaks;
mod splitting;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr_iter, memchr3};

use self::breaks::Breaks;
use super::byte_order_mark::BYTE_ORDER_MARK;
use super::frame::{AtEnd, Bounds, FrameStep, Framer};
use super::header::RowKind;
use super::row_scanner::{RowPart, RowState, Scanner};
use super::row_window::Window;
use super::source_error::EXPORT_AGAIN;
use super::{Header, Place, SkippedRows};

/// How much of a row, or of a line in a cell, is examined to find out what it is. It is a fixed number, because the result
/// must not depend on where buffers end.
const LOOK: usize = 64 * 1024;

/// [`Framer`] for rows as in RFC 4180: cells may be quoted, and quoted cells may have line breaks. Empty lines are not rows.
/// Rows without a user are counted and skipped. Whether a row fits the header is decided when its cells are read.
///
/// If a quoted cell would swallow rows, the row ends before the first of them; see [`Likeness`](super::resemblance::Likeness).
pub(super) struct RowFramer {
    header: Arc<Header>,
    scanner: Scanner,
    /// The largest row whose bytes are kept. A longer row is not examined, even if it is in the buffer.
    record_bytes: u64,
    cursor: u64,
    line: u64,
    /// The offset and line of the present row, if a byte of it was seen.
    start: Option<(u64, u64)>,
    /// Where the id of the present row is, after it was read.
    id: Option<Range<u64>>,
    breaks: Option<Breaks>,
    /// The number of rows so far.
    rows: u64,
    skipped: SkippedRows,
    /// Whether there are no more bytes.
    is_last: bool,
    /// How the present row ends with the input.
    ending: Option<AtEnd>,
}

impl RowFramer {
    /// A framer that begins at this place, behind the header.
    pub(super) fn new(header: Arc<Header>, place: Place, record_bytes: usize) -> Self {
        Self {
            scanner: Scanner::new(header.separator()),
            header,
            record_bytes: record_bytes as u64,
            cursor: place.offset,
            line: place.line,
            start: None,
            id: None,
            breaks: None,
            rows: 0,
            skipped: SkippedRows::default(),
            is_last: false,
            ending: None,
        }
    }

    /// Goes past a piece of the input.
    fn pass(&mut self, piece: &[u8]) {
        self.cursor += piece.len() as u64;
        self.line += memchr_iter(b'\n', piece).count() as u64;
    }

    /// Goes past what is between rows, including byte order marks. Returns whether a row begins.
    fn begin(&mut self, window: Window<'_>) -> bool {
        loop {
            let rest = window.from(self.cursor);
            let between = match rest {
                [b'\r' | b'\n', ..] => {
                    let count = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                    &rest[..count]
                }
                _ if rest.starts_with(BYTE_ORDER_MARK) => &rest[..BYTE_ORDER_MARK.len()],
                // It may be a part of a byte order mark.
                _ if (rest.is_empty() || !self.is_last) && BYTE_ORDER_MARK.starts_with(rest) => return false,
                _ => {
                    self.start = Some((self.cursor, self.line));
                    self.scanner.begin(self.cursor);
                    (self.id, self.breaks) = (None, None);
                    return true;
                }
            };
            self.pass(between);
        }
    }

    /// Goes to the end of a row that just began, if it has no quote and all of it has arrived: it ends with its line,
    /// whatever is in its cells.
    fn pass_plain(&mut self, window: Window<'_>) -> bool {
        let line = window.from(self.cursor);
        let end = memchr3(b'"', b'\r', b'\n', line).filter(|end| line[*end] != b'"');
        self.cursor += end.unwrap_or(0) as u64;
        end.is_some()
    }

    /// Reads on in the present row, up to the end of a line.
    fn read(&mut self, window: Window<'_>) -> RowPart {
        loop {
            let (rest, cell, start) = (window.from(self.cursor), self.scanner.cell, self.scanner.start);
            let (taken, found) = self.scanner.read(rest, self.cursor);
            self.pass(&rest[..taken]);
            match found {
                Some(RowPart::Break) => {
                    self.note_break(rest[taken - 1]);
                    return RowPart::Break;
                }
                Some(found) => return found,
                None if cell == self.header.id() => self.id = Some(start..self.cursor - 1),
                None => {}
            }
            self.breaks = None;
        }
    }

    /// Whether a piece of a row is examined to find out what it is. It is if it is short, and then it is in the buffer.
    fn is_looked_at(&self, piece: Range<u64>) -> bool {
        piece.end - piece.start <= self.record_bytes.min(LOOK as u64)
    }

    /// Ends the present row at the cursor.
    fn take(&mut self, window: Window<'_>) -> Option<FrameStep> {
        let (start, line) = self.start.take()?;
        let row = start..self.cursor;
        let looked_at = if self.is_looked_at(row.clone()) { window.slice(row) } else { None };
        match looked_at.map_or(RowKind::User, |row| self.header.kind(row)) {
            RowKind::Empty => self.skipped.empty += 1,
            RowKind::Header => self.skipped.headers += 1,
            RowKind::OtherHeader => return Some(FrameStep::WrongShape(Place { line, offset: start }, OTHER_HEADER)),
            RowKind::User => {
                self.rows += 1;
                return Some(FrameStep::Record(Bounds { start, end: self.cursor, line }));
            }
        }
        None
    }

    /// Handles a present row that ends with the input, and not with a line break outside quotes.
    fn take_last(&mut self, window: Window<'_>) -> Option<FrameStep> {
        let (start, line) = self.start?;
        let inside = || format!("inside record {} (starts at line {line}, byte offset {start})", self.rows + 1);
        if self.scanner.state == RowState::Quoted {
            // A file may end with a line break inside quotes that are never closed.
            let is_over = self.breaks.as_ref().is_some_and(|breaks| breaks.last.end == self.cursor);
            if is_over {
                return self.split().map(FrameStep::Record);
            }
            let inside = inside() + ", within a quote that is never closed";
            self.ending = Some(AtEnd::Truncated { whole: None, inside, repair: EXPORT_AGAIN });
            return None;
        }
        // A longer row is rejected because of its length.
        let row = if self.cursor - start <= self.record_bytes { window.slice(start..self.cursor) } else { None };
        let is_cut = row.is_some_and(|row| self.header.kind(row) == RowKind::User && !self.header.is_whole(row));
        if is_cut {
            let inside = inside() + ", with no line break behind it";
            self.ending = Some(AtEnd::Truncated { whole: None, inside, repair: END_THE_LINE });
            return None;
        }
        self.take(window)
    }
}

const END_THE_LINE: &str =
    "if that row is whole, add a line end and run the same command again; else export the file again";

const OTHER_HEADER: &str = "another header begins here, with other columns, and the rows behind it would be read as \
                            something else; give each table as a file of its own";

impl Framer for RowFramer {
    fn step(&mut self, bytes: &[u8], base: u64) -> FrameStep {
        let window = Window { bytes, base };
        loop {
            if self.start.is_none() {
                if !self.begin(window) {
                    return FrameStep::More;
                }
                if self.pass_plain(window) {
                    match self.take(window) {
                        Some(step) => return step,
                        None => continue,
                    }
                }
            }
            match self.is_row_next(window) {
                None => return FrameStep::More,
                Some(true) => {
                    if let Some(bounds) = self.split() {
                        return FrameStep::Record(bounds);
                    }
                }
                Some(false) => {}
            }
            let step = match self.read(window) {
                RowPart::Break => None,
                RowPart::End => self.take(window),
                RowPart::More if self.is_last && self.ending.is_none() => {
                    self.take_last(window).or(Some(FrameStep::More))
                }
                RowPart::More => return FrameStep::More,
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    fn may_find_more_at_end(&mut self) -> bool {
        !std::mem::replace(&mut self.is_last, true)
    }

    fn finish(&mut self) -> AtEnd {
        self.ending.take().unwrap_or(AtEnd::Complete)
    }

    fn cursor(&self) -> (u64, u64) {
        (self.cursor, self.line)
    }

    fn unfinished(&self) -> Option<Bounds> {
        self.start.map(|(start, line)| Bounds { start, end: self.cursor, line })
    }

    fn skipped(&self) -> SkippedRows {
        self.skipped
    }
}
