//! Records, their positions, and the chunks in which they travel.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Buffer, Header};

/// Where a record is in its input. Every reject has it.
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

/// The start of a record in a file, where a later reader can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// The record's number, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
}

/// Why the bytes between two separators are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramingFault {
    /// Nothing between two commas, or between a comma and the closing bracket.
    Empty,
    /// Longer than the largest record that is buffered; its bytes were dropped.
    TooLarge {
        /// The limit that is exceeded, in bytes.
        limit: u64,
    },
}

/// Rows of a CSV that are not records, because there is no user in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRows {
    /// Rows that have only separators and blanks.
    pub empty: u64,
    /// Rows that repeat the header.
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
    /// Set if there are no bytes to parse; the record is then a reject.
    pub fault: Option<FramingFault>,
}

impl RecordSpan {
    /// The bytes of the record in a buffer that begins at offset `base` of the input; nothing if its span has a fault.
    pub(super) fn bytes_in<'b>(&self, buffer: &'b [u8], base: u64) -> Option<&'b [u8]> {
        let start = to_index(self.offset.checked_sub(base).filter(|_| self.fault.is_none())?);
        buffer.get(start..start.checked_add(to_index(self.length))?)
    }
}

/// Consecutive records and the bytes that hold them. Chunks go from the reader to the mappers.
#[derive(Debug)]
pub struct RecordChunk {
    /// The input's name as the user gave it.
    pub input: Arc<str>,
    /// The bytes. Between the records in them there are separators.
    pub bytes: Buffer,
    /// Offset of `bytes[0]` in the input.
    pub base: u64,
    /// The records, in the order of the input.
    pub spans: Vec<RecordSpan>,
    /// The header of a CSV; the records are then rows. Otherwise they are JSON.
    pub header: Option<Arc<Header>>,
    /// How many bytes of the input were read with this chunk, for progress.
    pub consumed: u64,
}

impl RecordChunk {
    /// The bytes of one record; empty if its span has a fault.
    pub fn record(&self, span: &RecordSpan) -> &[u8] {
        span.bytes_in(&self.bytes, self.base).unwrap_or_default()
    }

    /// One of its records alone, with a copy of its bytes.
    pub(crate) fn alone(&self, span: &RecordSpan) -> Self {
        Self {
            input: Arc::clone(&self.input),
            bytes: self.record(span).to_vec().into(),
            base: span.offset,
            spans: vec![span.clone()],
            header: self.header.clone(),
            consumed: self.consumed,
        }
    }

    /// How much memory it uses, in bytes.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity() + self.spans.capacity() * size_of::<RecordSpan>()
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

    /// Its number within its input, from 1.
    pub fn number(&self) -> u64 {
        self.span.number
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.chunk.position(self.span)
    }
}

/// An offset, which has 64 bits, as an index of this machine. If it is too large, the index is outside every buffer.
pub(super) fn to_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
