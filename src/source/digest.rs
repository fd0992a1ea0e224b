//! The digest of an input: it shows whether an input is the same as before.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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

/// Reads everything and returns its digest; `None` if `stop` said so before the end.
pub(super) fn digest_of(mut reader: impl Read, stop: impl Fn() -> bool) -> io::Result<Option<InputDigest>> {
    let (mut digester, mut buffer) = (Digester::default(), vec![0; BUFFER]);
    while !stop() {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Some(digester.finish())),
            Ok(count) => digester.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
