//! A record that was mapped, as it is kept until it is known whether the target confirmed it.

use std::fs::File;
use std::io;

use super::Fingerprint;
use crate::index::{HashedKey, read_most_at};

/// A record that was mapped, with its hashed keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedRecord {
    /// The index of its span in its chunk.
    pub span_index: usize,
    /// Its notices.
    pub notices: u64,
    /// Its keys.
    pub keys: Vec<HashedKey>,
}

/// How many bytes of candidates are read at once.
const READ_AHEAD: usize = 32 * 1024;

const FIXED_BYTES: usize = Fingerprint::BYTES + 1;

/// Appends a record with this fingerprint and these keys.
pub(super) fn write_candidate(fingerprint: Fingerprint, keys: &[HashedKey], into: &mut Vec<u8>) {
    fingerprint.append_to(into);
    into.push(u8::try_from(keys.len()).unwrap_or(u8::MAX));
    into.extend_from_slice(keys.as_flattened());
}

/// Reads candidates, which mostly lie one behind the other.
pub(super) struct Candidates<'f> {
    file: &'f File,
    start: u64,
    buffer: Vec<u8>,
}

impl<'f> Candidates<'f> {
    pub(super) fn of(file: &'f File) -> Self {
        Self { file, start: 0, buffer: Vec::new() }
    }

    /// The record at this place: its fingerprint and its keys.
    pub(super) fn read(&mut self, place: u64) -> io::Result<(Fingerprint, &[HashedKey])> {
        if self.at(place).is_none() {
            self.buffer.resize(READ_AHEAD, 0);
            let read = read_most_at(self.file, &mut self.buffer, place)?;
            self.buffer.truncate(read);
            self.start = place;
        }
        self.at(place).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn at(&self, place: u64) -> Option<(Fingerprint, &[HashedKey])> {
        let start = usize::try_from(place.checked_sub(self.start)?).ok()?;
        let (fixed, rest) = self.buffer.get(start..)?.split_first_chunk::<FIXED_BYTES>()?;
        let keys = rest.get(..usize::from(fixed[FIXED_BYTES - 1]) * size_of::<HashedKey>())?;
        Some((Fingerprint::of_bytes(fixed.first_chunk()?), keys.as_chunks().0))
    }
}
