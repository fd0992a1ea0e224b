//! The limits of what the reader buffers.

use super::block::BLOCK;
use super::buffer::Buffers;
use super::frame::Bounds;

/// The limits of what the reader buffers.
#[derive(Clone, Copy, Debug)]
pub struct ReaderLimits {
    /// A chunk is returned after this many bytes. A chunk holds at most this and one record.
    pub chunk_bytes: usize,
    /// The largest record that is buffered; a larger one becomes a [`FramingFault::TooLarge`](super::FramingFault::TooLarge).
    pub record_bytes: usize,
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self { chunk_bytes: 512 * 1024, record_bytes: 8 * 1024 * 1024 }
    }
}

impl ReaderLimits {
    /// Whether a record's bytes are kept. If they were dropped once, they are never kept again.
    pub(super) fn keep(self, record: Bounds) -> bool {
        record.end - record.start <= self.record_bytes as u64
    }

    /// Buffers for chunks of this size. A buffer also grows by this size.
    pub(super) fn buffers(self) -> Buffers {
        Buffers::new(self.chunk_bytes.max(1).next_multiple_of(BLOCK))
    }
}
