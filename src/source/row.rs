//! A row below the header of a CSV, and its cells as they are meant.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::cells::{Cells, Form, trimmed};
use super::{Header, Place};

/// Why the cells of a row cannot be read. Places are within the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// The row's bytes are not UTF-8.
    NotUtf8,
    /// The cell that begins here has a quote where none may be, as happens if a quote is missing elsewhere.
    Quotes(Place),
    /// The quote here is never closed.
    Unclosed(Place),
    /// A cell that is not empty has no column; or there is only one text and not a row.
    Cells {
        /// The number of its cells, counted up to that one.
        found: usize,
        /// The number of columns.
        columns: usize,
    },
}

/// The most cells of a row that is read the short way.
const MOST_PLAIN: usize = 32;

/// The cells of a row, without quotes and without blanks around them. There is no `Debug`, because they are personal data.
pub struct Row<'a> {
    cells: Vec<Cow<'a, str>>,
}

/// A row without quotes, which has a cell for each column.
struct PlainRow<'a> {
    text: &'a str,
    /// Where its cells end.
    ends: [usize; MOST_PLAIN],
}

impl<'a> PlainRow<'a> {
    /// A cell, without blanks around it.
    fn cell(&self, column: usize) -> Option<&'a str> {
        let before = column.checked_sub(1).and_then(|before| self.ends.get(before));
        self.text.get(before.map_or(0, |separator| separator + 1)..*self.ends.get(column)?).map(trimmed)
    }
}

impl Header {
    /// Reads the cells of a row. Empty cells may be missing at its end, and there may be too many empty cells.
    pub fn row<'a>(&self, bytes: &'a [u8]) -> Result<Row<'a>, RowFault> {
        let mut cells = Vec::with_capacity(self.names().len());
        self.read_row(bytes, |_, form, text| cells.push(content(form, text)))?;
        Ok(Row { cells })
    }

    /// The cells of some columns of a row, which are empty where there is no such column. The others are checked as
    /// [`Self::row`] checks them, but nothing is made of them.
    pub fn cells_of<'a, const N: usize>(
        &self,
        bytes: &'a [u8],
        columns: &[Option<usize>; N],
    ) -> Result<[Cow<'a, str>; N], RowFault> {
        let mut cells = [const { Cow::Borrowed("") }; N];
        if let Some(row) = self.plain_row(bytes) {
            for (cell, column) in cells.iter_mut().zip(columns) {
                *cell = column.and_then(|column| row.cell(column)).unwrap_or_default().into();
            }
            return Ok(cells);
        }
        self.read_row(bytes, |index, form, text| {
            if let Some(place) = columns.iter().position(|column| *column == Some(index)) {
                cells[place] = content(form, text);
            }
        })?;
        Ok(cells)
    }

    /// A row in which nothing can be wrong; `None` for every other one.
    fn plain_row<'a>(&self, bytes: &'a [u8]) -> Option<PlainRow<'a>> {
        if memchr(b'"', bytes).is_some() {
            return None;
        }
        let (mut ends, mut separators) = ([bytes.len(); MOST_PLAIN], 0);
        for separator in memchr_iter(self.separator(), bytes) {
            *ends.get_mut(separators)? = separator;
            separators += 1;
        }
        let is_plain = separators < MOST_PLAIN && separators + 1 == self.names().len();
        simdutf8::basic::from_utf8(bytes).ok().filter(|_| is_plain).map(|text| PlainRow { text, ends })
    }

    /// Each cell of a row with the name of its column.
    pub fn cells<'a>(&'a self, row: &'a Row<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.names().iter().map(String::as_str).zip(row.cells.iter().map(AsRef::as_ref))
    }

    /// Checks the cells of a row, and passes those that have a column to `take`: its index, and how the cell is written.
    fn read_row<'a>(&self, bytes: &'a [u8], mut take: impl FnMut(usize, Form, &'a str)) -> Result<(), RowFault> {
        // The whole row is checked, because cells that are not UTF-8 could look like UTF-8 together. Where a cell begins and
        // ends there is ASCII, so each cell is UTF-8, too.
        let row = simdutf8::basic::from_utf8(bytes).map_err(|_| RowFault::NotUtf8)?;
        let (columns, mut found) = (self.names().len(), 0);
        for (index, cell) in Cells::of(bytes, self.separator()).enumerate() {
            let place = || Place {
                line: 1 + memchr_iter(b'\n', &bytes[..cell.start]).count() as u64,
                offset: cell.start as u64,
            };
            let text = row.get(cell.range()).ok_or(RowFault::NotUtf8)?;
            match cell.form {
                Form::Misquoted => return Err(RowFault::Quotes(place())),
                Form::Unclosed => return Err(RowFault::Unclosed(place())),
                Form::Plain | Form::Quoted if index < columns => take(index, cell.form, text),
                Form::Plain | Form::Quoted if trimmed(text).is_empty() => {}
                Form::Plain | Form::Quoted => return Err(RowFault::Cells { found: index + 1, columns }),
            }
            found = index + 1;
        }
        // A line without any separator is a remark or a scrap, and not a user with nothing but an id.
        if found == 1 { Err(RowFault::Cells { found, columns }) } else { Ok(()) }
    }
}

/// What a cell means that is written like this.
fn content(form: Form, text: &str) -> Cow<'_, str> {
    let text = trimmed(text);
    if form == Form::Quoted && text.contains('"') {
        Cow::Owned(text.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(text)
    }
}
