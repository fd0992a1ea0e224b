//! How an entry lies in `ids`: checksum (4 bytes), length (4), what it says.

use std::fs::File;
use std::io;

use super::KnownId;
use crate::index::read_most_at;

const HEAD: usize = 8;

/// The largest entry: far above what is written, so a larger length is damage.
const MOST: usize = 1024 * 1024;

/// The bytes of an entry, in this room.
pub(super) fn encode_into(mut room: Vec<u8>, known: &KnownId) -> io::Result<Vec<u8>> {
    room.clear();
    room.resize(HEAD, 0);
    let mut bytes = postcard::to_extend(known, room).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - HEAD).map_err(io::Error::other)?.to_le_bytes();
    let sum = sum(length, &bytes[HEAD..]);
    bytes[..HEAD / 2].copy_from_slice(&sum.to_le_bytes());
    bytes[HEAD / 2..HEAD].copy_from_slice(&length);
    Ok(bytes)
}

fn sum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length);
    sum.update(payload);
    sum.finalize()
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an entry of the id map is damaged")
}

/// Reads entries where they are said to begin. Those that lie near the last one cost no further read.
pub(super) struct RecordWindow<'a> {
    file: &'a File,
    /// Bytes of the file that are read at once.
    size: usize,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> RecordWindow<'a> {
    pub(super) fn new(file: &'a File, size: usize) -> Self {
        Self { file, size, start: 0, bytes: Vec::new() }
    }

    /// The entry that begins at `place`.
    pub(super) fn record(&mut self, place: u64) -> io::Result<KnownId> {
        let head = self.at(place, HEAD)?;
        let (sum_bytes, length) = head.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (sum_bytes, length) = (*sum_bytes, *length.first_chunk::<4>().ok_or_else(damaged)?);
        let count = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if count > MOST {
            return Err(damaged());
        }
        let payload = &self.at(place, HEAD + count)?[HEAD..];
        if sum(length, payload).to_le_bytes() != sum_bytes {
            return Err(damaged());
        }
        postcard::from_bytes(payload).map_err(|_| damaged())
    }

    /// These many bytes from `place` on.
    fn at(&mut self, place: u64, count: usize) -> io::Result<&[u8]> {
        let within = |start: u64| place.checked_sub(start).and_then(|from| usize::try_from(from).ok());
        let is_there = within(self.start).is_some_and(|from| from.saturating_add(count) <= self.bytes.len());
        if !is_there {
            self.bytes.resize(self.size.max(count), 0);
            let read = read_most_at(self.file, &mut self.bytes, place)?;
            self.bytes.truncate(read);
            self.start = place;
        }
        let from = within(self.start).unwrap_or(usize::MAX);
        self.bytes.get(from..from.saturating_add(count)).ok_or_else(damaged)
    }
}
