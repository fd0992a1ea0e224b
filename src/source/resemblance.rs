//! Whether a line inside a quoted cell looks like a row of its own.
//!
//! By the letter of RFC 4180, a quote that is never closed makes one cell of everything up to the next quote, which may be a
//! thousand rows further on, and one user of many. Syntax alone cannot exclude that, because a name may have line breaks and
//! commas in it. So a line inside a cell is compared with the row as it would be if the quote were a mistake and the row
//! ended on its first line. If both have ids of one kind, or both are whole rows of this header, the quote was a mistake,
//! and the row ends there.

use super::Header;
use super::cells::{Cells, trimmed_bytes};

/// How ids of Clerk begin.
const ID_PREFIX: &[u8] = b"user_";

/// An id in a cell is not longer than this.
const MOST_ID_BYTES: usize = 128;

/// Ids of at least this length were made by a machine, and all of them have the same length.
const LONG: usize = 16;

/// What a row would be if it ended on the line on which a quote was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Whether its id would be on that line.
    has_id: bool,
    id: Option<Box<[u8]>>,
    /// Whether it would have all its cells, with only possible values in them, and a user.
    is_full: bool,
}

/// A line, read as if it were a row.
struct AssumedRow<'a> {
    cells: usize,
    id: Option<&'a [u8]>,
    /// Whether each cell may be a value of its column.
    fits: bool,
    /// Whether a cell certainly is a value of its column.
    speaks: bool,
    /// Whether any cell has an email address.
    has_address: bool,
}

impl Likeness {
    /// For a row that is too long to be examined.
    pub(super) fn unknown() -> Self {
        Self { has_id: true, id: None, is_full: false }
    }

    /// For a row in which the cell with this index begins with the quote; `rest` is the rest of the line behind the quote.
    /// `id` is the id, if it is before the cell.
    pub(super) fn of(header: &Header, cell: usize, rest: &[u8], id: Option<&[u8]>) -> Self {
        let line = AssumedRow::look(header, cell, rest);
        let id = if cell > header.id() { id } else { line.id };
        // What is before the quote is not read again.
        let speaks = line.speaks || header.names().iter().take(cell).any(|name| name.contains("email_address"));
        Self {
            has_id: line.cells > header.id(),
            id: id.and_then(plausible).map(Into::into),
            is_full: line.fits && speaks && line.cells >= header.names().len(),
        }
    }

    /// Whether a line inside the cell is a row of its own.
    pub(super) fn is_like(&self, header: &Header, line: &[u8]) -> bool {
        let line = AssumedRow::look(header, 0, line);
        let Some(id) = line.id.and_then(plausible).filter(|_| self.has_id) else { return false };
        let (shows, is_full) = (line.fits && line.speaks, line.cells >= header.names().len());
        let is_of_kind = match &self.id {
            Some(own) if own.len() >= LONG && own.len() == id.len() => true,
            Some(own) if prefix(own) != prefix(id) => false,
            Some(_) if !prefix(id).is_empty() => true,
            // Its cells may be shifted by a comma without quotes.
            Some(own) if is_number(own) => is_number(id) && (shows || is_full && line.has_address),
            Some(_) => shows && !is_number(id),
            None => id.starts_with(ID_PREFIX) || shows,
        };
        is_of_kind || self.is_full && shows && is_full
    }
}

impl<'a> AssumedRow<'a> {
    /// Reads a line whose first cell has this index.
    fn look(header: &Header, first: usize, line: &'a [u8]) -> Self {
        let mut found = Self { cells: first, id: None, fits: true, speaks: false, has_address: false };
        for (index, cell) in (first..).zip(Cells::of(line, header.separator())) {
            let text = trimmed_bytes(cell.text);
            found.cells = index + 1;
            found.has_address |= text.contains(&b'@');
            let name = header.names().get(index).map(String::as_str);
            let may_be = match name {
                Some("id") => {
                    found.id = Some(text);
                    continue;
                }
                None => false,
                Some(name) if name.contains("email_address") => text.contains(&b'@'),
                Some(name) if name.contains("phone_number") => text.iter().any(u8::is_ascii_digit),
                Some("password_digest") => text.starts_with(b"$") && !text.contains(&b' '),
                Some(_) => continue,
            };
            found.fits &= may_be || text.is_empty();
            found.speaks |= may_be;
        }
        found
    }
}

/// An id without the quotes that may be left on it, if it can be an id.
fn plausible(id: &[u8]) -> Option<&[u8]> {
    let id = id.strip_prefix(b"\"").unwrap_or(id);
    let id = id.strip_suffix(b"\"").unwrap_or(id);
    let is_one =
        id.len() <= MOST_ID_BYTES && id.iter().all(u8::is_ascii_graphic) && id.iter().any(u8::is_ascii_alphanumeric);
    is_one.then_some(id)
}

/// What ids of one kind share: everything up to an underscore.
fn prefix(id: &[u8]) -> &[u8] {
    &id[..memchr::memchr(b'_', id).map_or(0, |underscore| underscore + 1)]
}

fn is_number(id: &[u8]) -> bool {
    id.iter().all(u8::is_ascii_digit)
}
