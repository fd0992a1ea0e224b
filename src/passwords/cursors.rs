//! Where the rows of the next users are expected.
//!
//! The export and the table of one application usually have its users in the same order: the row of a user lies behind the row
//! of the user before. There neither a hash nor a search is needed, and one read brings the rows of many users. Several mappers
//! go through users at once, each through a piece of the export, so there are several cursors, each known by the number of the
//! record that it expects.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::value::{FIRST, HEAD_BYTES, head};
use crate::index::{read_exact_at, read_most_at};

/// How many cursors are kept: one for each mapper, and those of pieces that are over, which nobody needs any more.
const KEPT: usize = 16;

/// Records between the one that is expected and the one that comes: those that are rejected have no row sought.
const LEFT_OUT: u64 = 16;

/// Bytes that are read at once, at first and at most. If the order is another one, more than one row is read in vain.
const LEAST_READ: usize = 512;
const MOST_READ: usize = 16 * 1024;

/// Found rows that are noted together.
const NOTED_TOGETHER: u64 = 4096;

/// A place among the rows, and what was read from there on.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The record whose row is expected here.
    expected: u64,
    /// Where the expected row lies in the file of rows.
    place: u64,
    /// Bytes of that file, and where they begin.
    window: Vec<u8>,
    start: u64,
    /// Rows that were found one after the other, by their numbers, and are not noted yet.
    found: Range<u64>,
}

impl Cursor {
    /// A cursor at the first row, for the first record.
    fn at_first() -> Self {
        Self { expected: 1, place: 0, window: Vec::new(), start: 0, found: 0..0 }
    }

    /// A cursor at a row with a value of this many bytes.
    pub(super) fn at(rows: &File, place: u64, length: usize) -> io::Result<Self> {
        let mut cursor = Self { expected: 0, place, window: Vec::new(), start: place, found: 0..0 };
        cursor.read(rows, HEAD_BYTES + length)?;
        Ok(cursor)
    }

    /// The value of the row that it is at; nothing behind the last row, and of a row with the id of an earlier one.
    pub(super) fn value(&mut self, rows: &File) -> io::Result<Option<&[u8]>> {
        if self.rest().len() < HEAD_BYTES {
            self.read(rows, 0)?;
        }
        let Some((mark, length)) = head(self.rest()) else { return Ok(None) };
        if mark != FIRST {
            return Ok(None);
        }
        if self.rest().len() < HEAD_BYTES + length {
            self.read(rows, HEAD_BYTES + length)?;
        }
        Ok(self.rest().get(HEAD_BYTES..HEAD_BYTES + length))
    }

    /// Goes on behind the row that it is at, which was found for `record`. Returns rows that are to be noted now.
    pub(super) fn found(&mut self, row: u64, record: u64) -> Range<u64> {
        let length = head(self.rest()).map_or(0, |(_, length)| HEAD_BYTES + length);
        self.place += length as u64;
        self.expected = record + 1;
        if row == self.found.end && self.found.end - self.found.start < NOTED_TOGETHER {
            self.found.end = row + 1;
            return 0..0;
        }
        std::mem::replace(&mut self.found, row..row + 1)
    }

    /// Stays where it is: this record has no row.
    pub(super) fn passed_by(&mut self, record: u64) {
        self.expected = record + 1;
    }

    /// Rows that were found and are not noted yet.
    pub(super) fn into_found(self) -> Range<u64> {
        self.found
    }

    /// What was read from the row on that it is at.
    fn rest(&self) -> &[u8] {
        let behind = usize::try_from(self.place - self.start).unwrap_or(usize::MAX);
        self.window.get(behind..).unwrap_or_default()
    }

    /// Reads from the row on that it is at: at least so many bytes, and each time twice as many as before.
    fn read(&mut self, rows: &File, least: usize) -> io::Result<()> {
        let length = (2 * self.window.len()).clamp(LEAST_READ, MOST_READ).max(least);
        self.window.resize(length, 0);
        self.start = self.place;
        let count = read_most_at(rows, &mut self.window, self.place)?;
        if count < least {
            // As an error of the disk.
            read_exact_at(rows, &mut self.window[..least], self.place)?;
        }
        self.window.truncate(count);
        Ok(())
    }
}

/// Cursors that are not in use.
#[derive(Debug)]
pub(super) struct Cursors(Mutex<VecDeque<Cursor>>);

impl Default for Cursors {
    fn default() -> Self {
        Self(Mutex::new(VecDeque::from([Cursor::at_first()])))
    }
}

impl Cursors {
    /// Takes the cursor that expects this record, or one shortly before it.
    pub(super) fn take(&self, record: u64) -> Option<Cursor> {
        let mut cursors = self.lock();
        let expects = |cursor: &Cursor| (cursor.expected..cursor.expected + LEFT_OUT).contains(&record);
        // The one that was used last is the one of the piece that is being gone through.
        let place = cursors.iter().rposition(expects)?;
        cursors.remove(place)
    }

    /// Keeps a cursor. Returns one that is not kept for it.
    pub(super) fn keep(&self, cursor: Cursor) -> Option<Cursor> {
        let mut cursors = self.lock();
        cursors.push_back(cursor);
        if cursors.len() > KEPT { cursors.pop_front() } else { None }
    }

    /// Takes all of them.
    pub(super) fn take_all(&self) -> VecDeque<Cursor> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Cursor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
