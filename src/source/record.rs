//! Records, where they stand, and the chunks in which they travel.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Buffer, Header};

/// Where a record stands in its input. Shown in every reject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The input's name as the user gave it; `-` for standard input.
    pub input: Arc<str>,
    /// The record's number within its input, from 1.
    pub record: u64,
    /// The line on which the record starts, from 1.
    pub line: u64,
    /// Byte offset of the record's first byte in the (decompressed) input, from 0.
    pub offset: u64,
    /// Length of the record in bytes.
    pub length: u64,
}

/// Why the bytes between two separators are no record at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramingFault {
    /// Nothing between two commas, or between a comma and the closing bracket.
    Empty,
    /// Longer than the largest record that is buffered; its bytes were skipped.
    TooLarge {
        /// The limit that is exceeded, in bytes.
        limit: u64,
    },
}

/// Rows of a CSV in which there is no user. They are no records, and are counted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRows {
    /// Of separators and blanks only.
    pub empty: u64,
    /// That repeat the header.
    pub headers: u64,
}

impl SkippedRows {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One record within a [`RecordChunk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSpan {
    /// The record's number within its input, from 1.
    pub number: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// Byte offset in the input, from 0.
    pub offset: u64,
    /// Length in bytes in the input.
    pub length: u64,
    /// Set when there are no bytes to parse; the record is then a reject.
    pub fault: Option<FramingFault>,
}

/// A run of consecutive records and the bytes that hold them: what travels from the reader to the mappers.
#[derive(Debug)]
pub struct RecordChunk {
    /// The input's name as the user gave it.
    pub input: Arc<str>,
    /// The bytes; records lie within them, separators between.
    pub bytes: Buffer,
    /// Offset of `bytes[0]` in the input.
    pub base: u64,
    /// The records, in the order of the input.
    pub spans: Vec<RecordSpan>,
    /// The header of a CSV; records are then its rows, and JSON otherwise.
    pub header: Option<Arc<Header>>,
    /// How many bytes of the input are behind the reader once this chunk is out, for progress.
    pub consumed: u64,
}

impl RecordChunk {
    /// The bytes of one record; empty when its span carries a fault.
    pub fn record(&self, span: &RecordSpan) -> &[u8] {
        self.range(span).and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    /// The position of one record, for messages and the rejects file.
    pub fn position(&self, span: &RecordSpan) -> Position {
        Position {
            input: Arc::clone(&self.input),
            record: span.number,
            line: span.line,
            offset: span.offset,
            length: span.length,
        }
    }

    fn range(&self, span: &RecordSpan) -> Option<Range<usize>> {
        let start = to_index(span.offset.checked_sub(self.base).filter(|_| span.fault.is_none())?);
        Some(start..start.checked_add(to_index(span.length))?)
    }
}

/// One record as the reader framed it.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    chunk: &'a RecordChunk,
    span: &'a RecordSpan,
}

impl<'a> RawRecord<'a> {
    /// The record of `chunk` with this span.
    pub fn new(chunk: &'a RecordChunk, span: &'a RecordSpan) -> Self {
        Self { chunk, span }
    }

    /// Its bytes; none when its span carries a fault.
    pub fn bytes(&self) -> &'a [u8] {
        self.chunk.record(self.span)
    }

    /// The header of a CSV, whose row it is.
    pub fn header(&self) -> Option<&'a Header> {
        self.chunk.header.as_deref()
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.chunk.position(self.span)
    }
}

/// Offsets are 64 bits wide, indices into a buffer are the machine's. Anything too large is out of every buffer.
pub(super) fn to_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
