//! What is known of compressed data while they are read.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why compressed data end too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataEnd {
    /// The data end in the middle.
    CutOff,
    /// Something else begins at this byte.
    Surplus(u64),
}

/// What is known of compressed data so far.
#[derive(Debug, Default)]
pub(super) struct Compressed {
    /// How many compressed bytes were read.
    read: AtomicU64,
    /// How many bytes of content the checksums cover.
    verified: AtomicU64,
    /// How the data ended, if they ended too early.
    ending: OnceLock<DataEnd>,
}

impl Compressed {
    /// How many compressed bytes were read.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How many bytes of content the checksums cover. Of frames without a checksum, the bytes of whole frames count.
    pub(super) fn verified(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    /// How the data ended, if they ended too early.
    pub(super) fn ending(&self) -> Option<DataEnd> {
        self.ending.get().copied()
    }

    /// Notes that the data ended too early.
    pub(super) fn end(&self, ending: DataEnd) {
        self.ending.get_or_init(|| ending);
    }

    /// Notes that more compressed bytes were read.
    pub(super) fn add_read(&self, count: u64) {
        self.read.fetch_add(count, Ordering::Relaxed);
    }

    /// Notes that the content up to this byte was checked.
    pub(super) fn set_verified(&self, content: u64) {
        self.verified.store(content, Ordering::Relaxed);
    }
}
