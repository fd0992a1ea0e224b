//! Where the rows of the next users are expected.
//!
//! The export and the table of one application usually have its users in the same order: the row of a user lies behind the row
//! of the user before. There neither a hash nor a search is needed, and one read brings the rows of many users. Several mappers
//! go through users at once, each through a piece of the export, so there are several cursors, each known by the number of the
//! record that it expects. A thread looks first where it found one the last time, so that mappers do not wait for each other.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::value::{FIRST, HEAD_BYTES, head};
use crate::index::{read_exact_at, read_most_at};

/// How many cursors there are: one for each mapper, and those of pieces that are over, which nobody needs any more.
const KEPT: usize = 16;

/// Records between the one that is expected and the one that comes: those that are rejected have no row sought.
const LEFT_OUT: u64 = 16;

/// Bytes that are read at once, at first and at most. If the order is another one, more than one row is read in vain.
const LEAST_READ: usize = 512;
const MOST_READ: usize = 16 * 1024;

/// How many times as much is read each time.
const GROWTH: usize = 8;

/// Found rows that are noted together.
const NOTED_TOGETHER: u64 = 4096;

/// A place among the rows, and what was read from there on.
#[derive(Debug, Default)]
pub(super) struct RowCursor {
    /// The records for one of which the row is expected here; none for a cursor that was never used.
    expected: Range<u64>,
    /// Where the expected row lies in the file of rows.
    place: u64,
    /// Bytes of that file, and where they begin.
    window: Vec<u8>,
    start: u64,
    /// Rows that were found one after the other, by their numbers, and are not noted yet.
    found: Range<u64>,
}

impl RowCursor {
    /// Goes to the row at this place, which was sought.
    pub(super) fn go_to(&mut self, place: u64) {
        self.window.clear();
        (self.place, self.start) = (place, place);
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
        self.expect_behind(record);
        if row == self.found.end && self.found.end - self.found.start < NOTED_TOGETHER {
            self.found.end = row + 1;
            return 0..0;
        }
        std::mem::replace(&mut self.found, row..row + 1)
    }

    /// Stays where it is: this record has no row.
    pub(super) fn passed_by(&mut self, record: u64) {
        self.expect_behind(record);
    }

    /// Takes the rows that were found and are not noted yet.
    pub(super) fn take_found(&mut self) -> Range<u64> {
        std::mem::take(&mut self.found)
    }

    fn expect_behind(&mut self, record: u64) {
        self.expected = record + 1..record + 1 + LEFT_OUT;
    }

    /// What was read from the row on that it is at.
    fn rest(&self) -> &[u8] {
        let behind = usize::try_from(self.place - self.start).unwrap_or(usize::MAX);
        self.window.get(behind..).unwrap_or_default()
    }

    /// Reads from the row on that it is at: at least so many bytes, and each time more than before.
    fn read(&mut self, rows: &File, least: usize) -> io::Result<()> {
        let length = (GROWTH * self.window.len()).clamp(LEAST_READ, MOST_READ).max(least);
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

/// A cursor that one thread at a time can use. Two of them never share what a core keeps of memory, so that threads do not
/// wait for it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(Mutex<RowCursor>);

/// A cursor that this thread uses.
pub(super) type UsedCursor<'a> = MutexGuard<'a, RowCursor>;

/// All cursors.
#[derive(Debug)]
pub(super) struct Cursors {
    slots: [Slot; KEPT],
    /// The slot with the cursor that was sent elsewhere the longest time ago.
    oldest: AtomicUsize,
}

thread_local! {
    /// The slot with the cursor that this thread used last. It is only where a search begins: every cursor is checked.
    static LAST: Cell<usize> = const { Cell::new(0) };
}

impl Cursors {
    /// Cursors of which one is at the first row, for the first record.
    pub(super) fn at_first() -> Self {
        let first = RowCursor { expected: 1..1 + LEFT_OUT, ..RowCursor::default() };
        let slots = std::array::from_fn(|_| Slot::default());
        let cursors = Self { slots, oldest: AtomicUsize::new(1) };
        *lock(&cursors.slots[0]) = first;
        cursors
    }

    /// The cursor that expects this record, or one shortly before it. What another thread uses is none of ours.
    pub(super) fn expecting(&self, record: u64) -> Option<UsedCursor<'_>> {
        let last = LAST.get();
        (last..last + KEPT).map(|slot| slot % KEPT).find_map(|slot| {
            let cursor = match self.slots[slot].0.try_lock() {
                Ok(cursor) => cursor,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            if !cursor.expected.contains(&record) {
                return None;
            }
            LAST.set(slot);
            Some(cursor)
        })
    }

    /// A cursor that may go elsewhere, because it most likely expects nothing any more.
    pub(super) fn oldest(&self) -> UsedCursor<'_> {
        let slot = self.oldest.fetch_add(1, Ordering::Relaxed) % KEPT;
        LAST.set(slot);
        lock(&self.slots[slot])
    }

    /// Each of them, once no thread uses it.
    pub(super) fn each(&self) -> impl Iterator<Item = UsedCursor<'_>> {
        self.slots.iter().map(lock)
    }
}

fn lock(slot: &Slot) -> UsedCursor<'_> {
    slot.0.lock().unwrap_or_else(PoisonError::into_inner)
}
