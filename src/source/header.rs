//! The header of a CSV, and the cells of a row under it.

use std::cell::RefCell;

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr2};

use super::Place;
use super::frame::{AtEnd, Framer, Step};
use super::record::to_index;
use super::rows::{RowFramer, begin_row};

/// A header without any of these is that of some other table.
const ONE_OF: [&str; 4] =
    ["primary_email_address", "verified_email_addresses", "unverified_email_addresses", "password_digest"];

const NO_SHAPE: &str = "expected `{` or `[`, or the header of a CSV with a column `id`";

/// The names of a CSV's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

/// Why the cells of a row cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// The row's bytes are not UTF-8.
    NotUtf8,
    /// A quote stands where none may be, as when one is missing elsewhere: what looks like one cell may be parts of several
    /// rows, with the data of several users in it.
    Quotes,
    /// It has another number of cells than the header.
    Cells {
        /// How many it has, counted no further than one too many.
        found: usize,
        /// How many columns there are.
        columns: usize,
    },
}

/// The cells of a row, without quotes. There is no `Debug`: they are personal data.
pub struct Row {
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }
}

impl Header {
    /// Reads the header at the beginning of a text, of which there is no more if it is `whole`. Returns it with the place
    /// behind it; an error is a sentence about what is wrong.
    pub(super) fn read(text: &[u8], whole: bool) -> Result<(Self, Place), String> {
        let mut framer = RowFramer::new(0, 1, 1, 0);
        let bounds = match framer.step(text, 0) {
            Step::Record(bounds) => bounds,
            _ => match framer.finish() {
                AtEnd::Record(bounds) if whole => bounds,
                _ => return Err(NO_SHAPE.to_owned()),
            },
        };
        let line = &text[to_index(bounds.start)..to_index(bounds.end)];
        let columns = memchr::memchr_iter(b',', line).count() + 1;
        let row = read_row(line, columns).map_err(|_| NO_SHAPE.to_owned())?;
        let header = Self { names: row.cells().map(|name| name.trim().to_owned()).collect() };
        header.check()?;
        let (offset, line) = framer.cursor();
        Ok((header, Place { line, offset }))
    }

    /// Whether users can be in the table.
    fn check(&self) -> Result<(), String> {
        if let [name] = self.names.as_slice() {
            let other =
                [(';', "semicolons"), ('\t', "tabs")].into_iter().find(|(separator, _)| name.contains(*separator));
            return Err(other.map_or_else(
                || NO_SHAPE.to_owned(),
                |(_, separators)| {
                    format!("it looks like a table with {separators} between its columns; save it with commas")
                },
            ));
        }
        if !self.has("id") {
            return Err("it looks like CSV, and its header has no column `id`".to_owned());
        }
        if !ONE_OF.iter().any(|name| self.has(name)) {
            return Err(format!("it looks like CSV, and its header has none of the columns `{}`", ONE_OF.join("`, `")));
        }
        let twice =
            self.names.iter().enumerate().find(|(index, name)| !name.is_empty() && self.names[..*index].contains(name));
        // What is no known name may be anything, and is not repeated.
        twice
            .map_or(Ok(()), |(index, _)| Err(format!("column {} of its header has the name of another one", index + 1)))
    }

    /// The columns' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.names.iter().any(|name| name == column)
    }

    /// Reads the cells of a row.
    pub fn row(&self, bytes: &[u8]) -> Result<Row, RowFault> {
        read_row(bytes, self.names.len())
    }

    /// Each cell of a row with its column's name.
    pub fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.names.iter().map(String::as_str).zip(row.cells())
    }
}

thread_local! {
    /// Made once: that takes a hundred times as long as to read a row. (A clone of it does not know the end of its input.)
    static READER: RefCell<csv_core::Reader> = RefCell::new(csv_core::Reader::new());
}

/// Whether quotes stand only where RFC 4180 has them: around a whole cell, and doubled within such a one.
fn are_quotes_in_place(row: &[u8]) -> bool {
    let mut rest = row;
    loop {
        let Some(mut quoted) = rest.strip_prefix(b"\"") else {
            let end = memchr2(b',', b'"', rest);
            match end.map(|end| (end, rest[end])) {
                None => return true,
                Some((end, b',')) => rest = &rest[end + 1..],
                Some(_) => return false,
            }
            continue;
        };
        rest = loop {
            let Some(end) = memchr(b'"', quoted) else { return false };
            match quoted.get(end + 1) {
                None => return true,
                Some(b'"') => quoted = &quoted[end + 2..],
                Some(b',') => break &quoted[end + 2..],
                Some(_) => return false,
            }
        };
    }
}

/// Reads the cells of a row that should have as many as there are columns.
fn read_row(bytes: &[u8], columns: usize) -> Result<Row, RowFault> {
    // All of it: cells that are not UTF-8 could together look as if they were.
    std::str::from_utf8(bytes).map_err(|_| RowFault::NotUtf8)?;
    if !are_quotes_in_place(bytes) {
        return Err(RowFault::Quotes);
    }
    let (mut text, mut ends) = (vec![0; bytes.len() + 1], vec![0; columns + 1]);
    let (mut read, mut written, mut cells) = (0, 0, 0);
    READER.with_borrow_mut(|reader| {
        begin_row(reader);
        loop {
            // Behind the last byte an empty slice says that the row is over.
            let (result, taken, out, more) =
                reader.read_record(&bytes[read..], &mut text[written..], &mut ends[cells..]);
            (read, written, cells) = (read + taken, written + out, cells + more);
            if result != ReadRecordResult::InputEmpty {
                break;
            }
        }
    });
    if cells != columns || read < bytes.len() {
        return Err(RowFault::Cells { found: cells, columns });
    }
    text.truncate(written);
    ends.truncate(cells);
    let text = String::from_utf8(text).map_err(|_| RowFault::NotUtf8)?;
    Ok(Row { text, ends })
}
