//! Where a quoted cell would swallow rows: the row is split at the line break before the first of them.

use memchr::memchr2;

use super::breaks::Breaks;
use super::{LOOK, RowFramer};
use crate::source::byte_order_mark::BYTE_ORDER_MARK;
use crate::source::cells::trimmed_bytes;
use crate::source::frame::Bounds;
use crate::source::record::to_index;
use crate::source::resemblance::Likeness;
use crate::source::row_window::Window;

impl RowFramer {
    /// Notes a line break in quotes; the cursor is behind it.
    pub(super) fn note_break(&mut self, byte: u8) {
        let at = self.cursor - 1;
        match &mut self.breaks {
            // The second half of a line break.
            Some(Breaks { last, searched, .. }) if byte == b'\n' && last.end == at => {
                (last.end, *searched) = (self.cursor, Some(self.cursor));
            }
            Some(Breaks { last, searched, .. }) => (*last, *searched) = (at..self.cursor, Some(self.cursor)),
            None => {
                let (last, searched) = (at..self.cursor, Some(self.cursor));
                self.breaks = Some(Breaks { first: at, last, searched, likeness: None });
            }
        }
    }

    /// Whether the line behind a line break in quotes is a row of its own; `None` if its end has not arrived yet.
    pub(super) fn is_row_next(&mut self, window: Window<'_>) -> Option<bool> {
        let Some(Breaks { first, searched: Some(searched), .. }) = self.breaks else { return Some(false) };
        let rest = window.from(self.cursor);
        let line = &rest[..rest.len().min(LOOK)];
        let from = to_index(searched - self.cursor);
        let length = memchr2(b'\r', b'\n', line.get(from..).unwrap_or_default()).map(|length| from + length);
        if length.is_none() && line.len() < LOOK && !self.is_last {
            if let Some(breaks) = &mut self.breaks {
                breaks.searched = Some(self.cursor + line.len() as u64);
            }
            return None;
        }
        let line = &line[..length.unwrap_or(line.len())];
        let likeness = self.likeness(window, first);
        let is_row = likeness.is_like(&self.header, line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line));
        if let Some(breaks) = &mut self.breaks {
            (breaks.searched, breaks.likeness) = (None, Some(likeness));
        }
        Some(is_row)
    }

    /// What the present row would be if it ended on the line on which its quotes began.
    fn likeness(&mut self, window: Window<'_>, end: u64) -> Likeness {
        let known = self.breaks.as_mut().and_then(|breaks| breaks.likeness.take());
        known.unwrap_or_else(|| {
            let (row, _) = self.start.unwrap_or_default();
            if !self.is_looked_at(row..end) {
                return Likeness::unknown();
            }
            let rest = window.slice(self.scanner.start..end).unwrap_or_default();
            let id = self.id.clone().and_then(|id| window.slice(id)).map(trimmed_bytes);
            Likeness::of(&self.header, self.scanner.cell, rest, id)
        })
    }

    /// Ends the present row before the last line break in its quotes, because a row follows.
    pub(super) fn split(&mut self) -> Option<Bounds> {
        let end = self.breaks.take()?.last.start;
        let (start, line) = self.start.take()?;
        self.rows += 1;
        Some(Bounds { start, end, line })
    }
}
