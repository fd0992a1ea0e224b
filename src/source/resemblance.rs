//! Whether a line inside a quoted cell looks like a row of its own.
//!
//! By the letter of RFC 4180 a quote that is never closed makes one cell of everything up to the next quote, be that in a
//! row a thousand lines further on, and one user of two. No rule of syntax says otherwise: names may have line breaks and
//! commas in them. So a line inside a cell is compared with what the row would be if its quote were a slip of the pen and
//! the row ended with its line: where both have ids of one kind, or both are whole rows of this header, the quote was never
//! meant to be closed, and the row ends there.

use super::Header;
use super::cells::{Cells, trimmed_bytes};

/// How ids of Clerk begin.
const CLERK: &[u8] = b"user_";

/// Ids that are longer are none.
const ID_BYTES: usize = 128;

/// Ids from this length on were made by a machine, and all of them have it.
const LONG: usize = 16;

/// What a row would be that ends in the line in which a quote was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Whether its id would be in that line.
    has_id: bool,
    id: Option<Box<[u8]>>,
    /// Whether it would have all its cells, with nothing in them that cannot be there, and a user.
    is_full: bool,
}

/// A line, taken for a row.
struct AssumedRow<'a> {
    cells: usize,
    id: Option<&'a [u8]>,
    /// Whether each cell may be what its column says.
    fits: bool,
    /// Whether a cell certainly is what its column says.
    speaks: bool,
    /// Whether there is an address in any cell.
    has_address: bool,
}

impl Likeness {
    /// Of a row that is too long to be looked at.
    pub(super) fn unknown() -> Self {
        Self { has_id: true, id: None, is_full: false }
    }

    /// Of a row whose cell with this index begins with the quote, with `rest` of the line behind it. If the id stands before
    /// that, it is given.
    pub(super) fn of(header: &Header, cell: usize, rest: &[u8], id: Option<&[u8]>) -> Self {
        let line = AssumedRow::look(header, cell, rest);
        let id = if cell > header.id() { id } else { line.id };
        // What stands before the quote is not looked at again.
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
            // Its cells may be out of place, by a comma without quotes.
            Some(own) if is_number(own) => is_number(id) && (shows || is_full && line.has_address),
            Some(_) => shows && !is_number(id),
            None => id.starts_with(CLERK) || shows,
        };
        is_of_kind || self.is_full && shows && is_full
    }
}

impl<'a> AssumedRow<'a> {
    /// Looks at a line whose first cell has this index.
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

/// An id without the quotes that may have been left on it, if it can be one.
fn plausible(id: &[u8]) -> Option<&[u8]> {
    let id = id.strip_prefix(b"\"").unwrap_or(id);
    let id = id.strip_suffix(b"\"").unwrap_or(id);
    let is_one =
        id.len() <= ID_BYTES && id.iter().all(u8::is_ascii_graphic) && id.iter().any(u8::is_ascii_alphanumeric);
    is_one.then_some(id)
}

/// What ids of one kind have in common: all up to an underscore.
fn prefix(id: &[u8]) -> &[u8] {
    &id[..memchr::memchr(b'_', id).map_or(0, |underscore| underscore + 1)]
}

fn is_number(id: &[u8]) -> bool {
    id.iter().all(u8::is_ascii_digit)
}
