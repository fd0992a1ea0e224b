//! A file that shows what was said or checked: its name and digest, and nothing of what is in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// How many bytes are read at once.
const BUFFER: usize = 64 * 1024;

/// A file as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Its absolute path.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Evidence {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no file.
    pub fn of(path: &Path) -> io::Result<Self> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
        Self::named(path, &hash.finalize(), bytes)
    }

    /// A file that was read already, as these bytes.
    ///
    /// # Errors
    /// If nobody knows the current directory.
    pub fn of_bytes(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        Self::named(path, &Sha256::digest(bytes), bytes.len() as u64)
    }

    fn named(path: &Path, sha256: &[u8], bytes: u64) -> io::Result<Self> {
        Ok(Self { path: std::path::absolute(path)?.display().to_string(), sha256: hexadecimal(sha256), bytes })
    }
}
