//! The bytes that are not read yet, in the reader's buffer and behind it, as struson reads them.

use std::cell::Cell;
use std::io::{self, Read};

use memchr::memchr_iter;

use super::buffer::Buffer;
use super::record::to_index;

/// More bytes than struson can have read ahead. Its buffer has 1 KiB.
pub(super) const BEHIND: u64 = 8 * 1024;

/// Bytes of an input: those in a buffer, which begins at `base`, and those behind them.
pub(super) struct Unread<'r> {
    pub buffer: &'r mut Buffer,
    pub base: &'r mut u64,
    pub reader: &'r mut dyn Read,
    /// With this many bytes the buffer is full.
    pub full: usize,
    /// Whether the buffer holds records that must be returned before it can take more.
    pub holds_records: bool,
}

/// Why bytes cannot be read.
pub(super) enum Stop {
    /// The buffer is full: the records in it must be returned first.
    RecordsFirst,
    /// The name of a member is too long.
    LongName,
    Failed(io::Error),
}

impl Unread<'_> {
    /// The bytes from this offset on: at least this many, unless there are fewer. Bytes far before the offset may be
    /// dropped.
    pub(super) fn from(&mut self, offset: u64, least: usize) -> Result<&[u8], Stop> {
        while to_index(offset - *self.base) + least > self.buffer.len() {
            if self.buffer.len() >= self.full {
                if self.holds_records {
                    return Err(Stop::RecordsFirst);
                }
                let from = offset.saturating_sub(BEHIND).max(*self.base);
                self.buffer.drop_first(to_index(from - *self.base));
                *self.base = from;
            }
            match self.reader.read(self.buffer.spare()) {
                Ok(0) => break,
                Ok(count) => self.buffer.add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Failed(error)),
            }
        }
        Ok(self.buffer.get(to_index(offset - *self.base)..).unwrap_or_default())
    }
}

/// The source that struson reads from.
pub(super) struct UnreadSource<'s, 'r> {
    pub unread: &'s mut Unread<'r>,
    pub at: u64,
    /// The number of line breaks among the bytes that were returned.
    pub lines: u64,
    /// While a name is read: how many bytes may come before its end.
    pub name: &'s Cell<Option<u64>>,
    pub stop: Option<Stop>,
}

impl Read for UnreadSource<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = match self.name.get() {
            Some(0) => Err(Stop::LongName),
            _ => self.unread.from(self.at, 1),
        };
        match found {
            Ok(bytes) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                self.at += count as u64;
                self.lines += memchr_iter(b'\n', &buffer[..count]).count() as u64;
                self.name.set(self.name.get().map(|left| left.saturating_sub(count as u64)));
                Ok(count)
            }
            Err(stop) => {
                self.stop = Some(stop);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}
