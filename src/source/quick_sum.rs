//! A sum for a moment: whether an input is what it was when its reading began.

use std::io::{self, Read};

use twox_hash::XxHash3_128;

use super::digest::read_to_end;

/// A sum that shows whether bytes are the same as a moment ago. It takes a small part of the time of a digest, and is no proof against
/// anybody who wants it to be the same.
#[derive(Clone, Default)]
pub(super) struct QuickSum {
    hash: XxHash3_128,
    bytes: u64,
}

impl QuickSum {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hash.write(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Reads everything and returns its sum.
    pub(super) fn of(reader: impl Read) -> io::Result<Self> {
        let mut sum = Self::default();
        read_to_end(reader, || false, |bytes| sum.update(bytes)).map(|_| sum)
    }
}

impl PartialEq for QuickSum {
    fn eq(&self, other: &Self) -> bool {
        (self.bytes, self.hash.finish_128()) == (other.bytes, other.hash.finish_128())
    }
}
