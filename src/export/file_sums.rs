//! The sums of a file of an export.

use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// Computes the sums of a file of an export as its bytes are written. An export waits for Clerk, so that two cost nothing.
#[derive(Clone, Debug, Default)]
pub struct FileSums {
    sha256: Sha256,
    blake3: blake3::Hasher,
    bytes: u64,
}

impl FileSums {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// How many bytes there were.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256, as `sha256sum` prints it.
    pub fn sha256(&self) -> String {
        hexadecimal(&self.sha256.clone().finalize())
    }

    /// BLAKE3, as `b3sum` prints it.
    pub fn blake3(&self) -> String {
        hexadecimal(self.blake3.finalize().as_bytes())
    }
}
