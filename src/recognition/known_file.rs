//! The file of known records, as it is read: from its beginning to its end.
//!
//! ```text
//! mark and version (8 bytes) | basis (32) | secret (32) | CRC-32 of all that (4)
//! blocks: bytes of its entries (4) | CRC-32 of them (4) | entries
//! an entry: hash of the record (16) | its length (4) | line breaks in it (4) | notices (5) | number of keys (1) | keys (13 each)
//! ```

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Basis, Fingerprint, NightSecret};
use crate::index::{HashedKey, read_exact_at, read_most_at};

/// What the file begins with. The last digit is the version of its form: in version 1 keys were hashed otherwise, version 2
/// did not say how far a record goes, and version 3 did not say of a key whether anybody verified it.
pub(super) const MARK: [u8; 8] = *b"AVNREC-4";

pub(super) const HEADER_BYTES: usize = MARK.len() + Basis::BYTES + NightSecret::BYTES + CRC_BYTES;
pub(super) const CRC_BYTES: usize = 4;

/// The length of a block, and the checksum of its entries.
pub(super) const BLOCK_HEADER_BYTES: usize = 8;

/// No block has more bytes of entries.
pub(super) const MOST_OF_BLOCK: usize = 64 * 1024;

pub(super) const NOTICE_BYTES: usize = 5;
const FIXED_BYTES: usize = Fingerprint::BYTES + NOTICE_BYTES + 1;

/// The file of known records.
#[derive(Debug)]
pub struct KnownFile {
    file: File,
    secret: NightSecret,
}

/// A record in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownRecord {
    /// Its number in the file, from 0.
    pub number: u64,
    pub fingerprint: Fingerprint,
    pub notices: u64,
}

impl KnownFile {
    /// Opens a file; nothing if there is none, or if it does not hold by this basis.
    pub fn open(path: &Path, basis: &Basis) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut header = [0; HEADER_BYTES];
        if read_most_at(&file, &mut header, 0)? < HEADER_BYTES {
            return Ok(None);
        }
        let (content, sum) = header.split_at(HEADER_BYTES - CRC_BYTES);
        let (mark, rest) = content.split_at(MARK.len());
        let (of, secret) = rest.split_at(Basis::BYTES);
        let holds = mark == MARK && of == basis.0 && sum == crc32fast::hash(content).to_le_bytes();
        let secret = secret.first_chunk().filter(|_| holds);
        Ok(secret.map(|secret| Self { file, secret: NightSecret::of(*secret) }))
    }

    /// The secret of its hashes.
    pub fn secret(&self) -> &NightSecret {
        &self.secret
    }

    /// The next block, which begins at this offset, into `block`; its end. Nothing behind the last one that is whole.
    fn read_block(&self, offset: u64, block: &mut Vec<u8>) -> io::Result<Option<u64>> {
        block.clear();
        let mut header = [0; BLOCK_HEADER_BYTES];
        if read_most_at(&self.file, &mut header, offset)? < BLOCK_HEADER_BYTES {
            return Ok(None);
        }
        let [length, sum] = [0, 4].map(|at| u32::from_le_bytes(std::array::from_fn(|index| header[at + index])));
        let length = length as usize;
        if length == 0 || length > MOST_OF_BLOCK {
            return Ok(None);
        }
        block.resize(length, 0);
        match read_exact_at(&self.file, block, offset + BLOCK_HEADER_BYTES as u64) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
            Ok(()) if crc32fast::hash(block) != sum => Ok(None),
            Ok(()) => Ok(Some(offset + (BLOCK_HEADER_BYTES + length) as u64)),
        }
    }
}

/// Goes through the records of a file.
#[derive(Debug)]
pub(super) struct KnownRecords {
    file: Arc<KnownFile>,
    /// The end of the block in memory.
    offset: u64,
    block: Vec<u8>,
    /// Where in the block the last record that was returned has its keys, and where the next one begins.
    keys: usize,
    next: usize,
    number: u64,
    is_over: bool,
}

impl KnownRecords {
    pub(super) fn of(file: Arc<KnownFile>) -> Self {
        let (offset, block) = (HEADER_BYTES as u64, Vec::new());
        Self { file, offset, block, keys: 0, next: 0, number: 0, is_over: false }
    }

    /// The next record; nothing behind the last one, and nothing behind damage.
    pub(super) fn next(&mut self) -> io::Result<Option<KnownRecord>> {
        if self.next == self.block.len() && !self.is_over {
            (self.keys, self.next) = (0, 0);
            match self.file.read_block(self.offset, &mut self.block)? {
                Some(end) => self.offset = end,
                None => self.end(),
            }
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<KnownRecord> {
        let (fixed, rest) = self.block.get(self.next..)?.split_first_chunk::<FIXED_BYTES>()?;
        let count = usize::from(fixed[FIXED_BYTES - 1]);
        if rest.len() < count * size_of::<HashedKey>() {
            // The checksum held, so this was written wrong.
            self.end();
            return None;
        }
        self.keys = self.next + FIXED_BYTES;
        self.next = self.keys + count * size_of::<HashedKey>();
        let notices =
            std::array::from_fn(|index| if index < NOTICE_BYTES { fixed[Fingerprint::BYTES + index] } else { 0 });
        let fingerprint = Fingerprint::of_bytes(fixed.first_chunk()?);
        self.number += 1;
        Some(KnownRecord { number: self.number - 1, fingerprint, notices: u64::from_le_bytes(notices) })
    }

    fn end(&mut self) {
        self.is_over = true;
        self.block.clear();
        (self.keys, self.next) = (0, 0);
    }

    /// The keys of the record that was returned last.
    pub(super) fn keys(&self) -> &[HashedKey] {
        self.block[self.keys..self.next].as_chunks().0
    }

    /// The record with this number, which is not before the one that was returned last. It was there before, so it is an error if it
    /// is not.
    pub(super) fn advance_to(&mut self, number: u64) -> io::Result<KnownRecord> {
        while let Some(record) = self.next()? {
            if record.number == number {
                return Ok(record);
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the file of known records has changed"))
    }
}
