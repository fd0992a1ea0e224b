//! Bounds of what the reader buffers.

use super::block::BLOCK;
use super::buffer::Buffers;
use super::frame::Bounds;

/// Bounds of what the reader buffers.
#[derive(Clone, Copy, Debug)]
pub struct ReaderLimits {
    /// Bytes after which a chunk is handed out. A chunk holds at most this and one record.
    pub chunk_bytes: usize,
    /// The largest record that is buffered; a larger one becomes a [`FramingFault::TooLarge`](super::FramingFault::TooLarge).
    pub record_bytes: usize,
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self { chunk_bytes: 256 * 1024, record_bytes: 8 * 1024 * 1024 }
    }
}

impl ReaderLimits {
    /// Whether a record's bytes are kept. What is not kept once is never kept again.
    pub(super) fn keep(self, record: Bounds) -> bool {
        record.end - record.start <= self.record_bytes as u64
    }

    /// Buffers for chunks of this size, and for as many more bytes at once as they have to grow by.
    pub(super) fn buffers(self) -> Buffers {
        Buffers::new(self.chunk_bytes.max(1).next_multiple_of(BLOCK))
    }
}
