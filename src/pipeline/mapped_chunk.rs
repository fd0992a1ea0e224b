//! A chunk behind its mapper: what is to be sent of it, and what is settled already.

use std::sync::Arc;

use crate::delivery::{Piece, Ready};
use crate::journal::{Reject, Settled};
use crate::outcomes::booking::MappedChunkCounts;
use crate::source::RecordChunk;

/// A mapped chunk.
#[derive(Debug)]
pub(super) struct MappedChunk {
    pub input: u16,
    pub chunk: Arc<RecordChunk>,
    /// The encoded records one behind the other.
    pub encoded: Piece,
    /// The records that are to be sent.
    pub ready: Vec<Ready>,
    /// Records that are known to be at the target as they are.
    pub unchanged: Vec<Settled>,
    pub rejects: Vec<Reject>,
    pub counts: MappedChunkCounts,
}

impl MappedChunk {
    /// Whether less than half of its bytes are of records that are sent, as at night, when few have changed. It would stay in memory
    /// for those, and few of its kind would fill a batch.
    pub(super) fn is_little_sent(&self) -> bool {
        let sent: u64 = self.ready.iter().map(|record| self.chunk.spans[record.span_index].length).sum();
        2 * sent < self.chunk.bytes.capacity() as u64
    }
}
