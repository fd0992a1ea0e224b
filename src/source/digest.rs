//! The digest of an input: it shows whether an input is the same as before.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

use crate::hexadecimal::hexadecimal;

/// How many bytes are read at once.
const BUFFER: usize = 64 * 1024;

/// The digest of the bytes of an input. For a compressed input these are the compressed bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigest {
    /// SHA-256 in hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    /// How many bytes there were.
    pub bytes: u64,
}

/// Computes a digest of bytes as they arrive.
#[derive(Clone, Default)]
pub(super) struct Digester {
    hash: Sha256,
    bytes: u64,
}

impl Digester {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(super) fn finish(self) -> InputDigest {
        InputDigest { sha256: hexadecimal(&self.hash.finalize()), bytes: self.bytes }
    }
}

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

/// Reads everything and returns its digest; `None` if `stop` said so before the end.
pub(super) fn digest_of(reader: impl Read, stop: impl Fn() -> bool) -> io::Result<Option<InputDigest>> {
    let mut digester = Digester::default();
    let is_whole = read_to_end(reader, stop, |bytes| digester.update(bytes))?;
    Ok(is_whole.then(|| digester.finish()))
}

/// Passes everything to `sink`, and returns whether it came to the end; otherwise `stop` said so.
fn read_to_end(mut reader: impl Read, stop: impl Fn() -> bool, mut sink: impl FnMut(&[u8])) -> io::Result<bool> {
    let mut buffer = vec![0; BUFFER];
    while !stop() {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => sink(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
