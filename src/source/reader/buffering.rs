//! What the reader keeps in its buffer.

use std::io;
use std::sync::Arc;

use super::RecordReader;
use crate::source::record::to_index;
use crate::source::{RecordChunk, RecordSpan, SourceError};

impl RecordReader {
    /// Reads more bytes into the buffer. If no record in the buffer waits to be returned, the bytes before the unfinished
    /// record are dropped; so is the unfinished record if it is too large, or the white space behind it if that is too long.
    pub(super) fn read_more(&mut self, droppable: bool) -> Result<usize, SourceError> {
        if droppable {
            self.drop_before(self.needed_from());
            self.drop_space();
        }
        // Space that is there is filled first: pipes and decompressors return little at once.
        let space = self.buffer.spare();
        loop {
            match self.reader.read(space) {
                Ok(count) => {
                    self.buffer.add(count);
                    self.look_at_checksums();
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(reason) => return Err(SourceError::read(&self.input, self.place(), reason)),
            }
        }
    }

    /// The offset of the first byte that is still needed: the start of the unfinished record, unless that is too large.
    pub(super) fn needed_from(&self) -> u64 {
        let kept = self.framer.unfinished().filter(|record| self.limits.keep(*record));
        kept.map_or(self.framer.cursor().0, |record| record.start)
    }

    /// Drops the bytes before this offset. If there is a gap, the buffer begins with the record before it. The offset is then either
    /// the start of that record, and nothing is dropped; or it is at the cursor or behind it, and the record is dropped and with it
    /// the gap.
    pub(super) fn drop_before(&mut self, offset: u64) {
        if offset > self.base {
            let count = to_index(offset - self.base - self.gap).min(self.buffer.len());
            self.buffer.drop_first(count);
            (self.base, self.gap) = (offset, 0);
        }
    }

    /// Drops the white space behind the unfinished record if it is so long that the record would be too large with it. The
    /// buffer then ends with the record, and the framer goes on behind the gap.
    fn drop_space(&mut self) {
        let (cursor, _) = self.framer.cursor();
        let Some(record) = self.framer.unfinished().filter(|record| self.limits.keep(*record)) else { return };
        if cursor - record.end > self.limits.record_bytes as u64 {
            let length = to_index(record.end - self.base);
            self.gap += (self.buffer.len() - length) as u64;
            self.buffer.truncate(length);
        }
    }

    /// Returns the records with the bytes that hold them. The rest begins the next chunk.
    pub(super) fn take_chunk(&mut self, spans: Vec<RecordSpan>) -> RecordChunk {
        let needed_from = self.needed_from();
        let carried_from = to_index(needed_from - self.base - self.gap).min(self.buffer.len());
        let carried = self.buffers.holding(&self.buffer[carried_from..]);
        let bytes = std::mem::replace(&mut self.buffer, carried);
        let base = self.base;
        (self.base, self.gap) = (needed_from, 0);
        let consumed = self.consumed();
        let (input, header) = (Arc::clone(&self.input), self.header.clone());
        RecordChunk { input, bytes, base, spans, header, consumed }
    }
}
