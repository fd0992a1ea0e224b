//! The beginning of an input: its shape, and what comes before its first record.

use std::io::{self, Read};
use std::sync::Arc;

use super::watching::START;
use crate::source::buffer::{Buffer, Buffers};
use crate::source::detect::{detect, is_blank};
use crate::source::elements::ElementFramer;
use crate::source::envelope::{PageStart, Walk};
use crate::source::frame::{Bounds, Framer};
use crate::source::lines::LineFramer;
use crate::source::page::Page;
use crate::source::rows::RowFramer;
use crate::source::shape::Shape;
use crate::source::unread::Unread;
use crate::source::{Format, Place, ReaderLimits, SourceError};

/// How many bytes are read to find an input's shape.
pub(super) const PREFIX: usize = 64 * 1024;

/// The beginning of an input: what is known of it, and what was read ahead.
pub(super) struct Beginning {
    pub(super) shape: Shape,
    pub(super) framer: Box<dyn Framer + Send>,
    /// The bytes in which the shape was found. Those before the first record were read.
    pub(super) prefix: io::Cursor<Vec<u8>>,
    /// What was read ahead of the first record, in a buffer of `buffers`.
    pub(super) buffer: Buffer,
    pub(super) buffers: Buffers,
    /// The offset of the buffer, or of the rest of the prefix if the buffer is empty.
    pub(super) base: u64,
    pub(super) page: Page,
    /// What is in place of the first page and is not a page.
    pub(super) in_place_of_page: Option<Bounds>,
}

impl Beginning {
    /// Of an input without records.
    pub(super) fn of_nothing(limits: ReaderLimits) -> Self {
        let Place { line, offset: base } = START;
        let (buffers, framer) = (limits.buffers(), Box::new(LineFramer::new(base, line)));
        let (prefix, buffer, page) = (io::Cursor::default(), buffers.holding(&[]), Page::default());
        let shape = Shape { format: Format::Lines, header: None, start: START };
        Self { shape, framer, prefix, buffer, buffers, base, page, in_place_of_page: None }
    }
}

/// Finds an input's shape and reads up to its first record.
pub(super) fn begin(reader: &mut dyn Read, input: &Arc<str>, limits: ReaderLimits) -> Result<Beginning, SourceError> {
    let (prefix, at) = read_prefix(reader, input)?;
    let shape = detect(&prefix, prefix.len() < PREFIX, at, input)?;
    let Place { line, offset: mut base } = shape.start;
    let mut prefix = io::Cursor::new(prefix);
    prefix.set_position(base - at.offset);
    let buffers = limits.buffers();
    let (mut buffer, mut page, mut in_place_of_page) = (buffers.holding(&[]), Page::default(), None);
    let framer: Box<dyn Framer + Send> = match &shape.header {
        Some(header) => Box::new(RowFramer::new(Arc::clone(header), shape.start, limits.record_bytes)),
        None if shape.format == Format::Lines => Box::new(LineFramer::new(base, line)),
        None => {
            let mut rest = (&mut prefix).chain(reader);
            let (buffer, base, full) = (&mut buffer, &mut base, limits.chunk_bytes);
            let unread = Unread { buffer, base, reader: &mut rest, full, holds_records: false };
            let (found, place) = Walk { unread, format: shape.format, place: shape.start, records: 0, input }.open()?;
            match found {
                PageStart::Page(found) => page = found,
                PageStart::Answer(bounds) => (page, in_place_of_page) = (Page::over(), Some(bounds)),
            }
            Box::new(ElementFramer::new(place.offset, place.line))
        }
    };
    Ok(Beginning { shape, framer, prefix, buffer, buffers, base, page, in_place_of_page })
}

/// Reads the first bytes that are not all white space, and where they begin. They are fewer only if the input has no more.
pub(super) fn read_prefix(reader: &mut dyn Read, input: &Arc<str>) -> Result<(Vec<u8>, Place), SourceError> {
    let (mut prefix, mut at) = (Vec::with_capacity(PREFIX), START);
    loop {
        let read = Read::take(&mut *reader, PREFIX as u64).read_to_end(&mut prefix);
        read.map_err(|reason| SourceError::read(input, at, reason))?;
        if prefix.len() < PREFIX || !is_blank(&prefix) {
            return Ok((prefix, at));
        }
        at.line += memchr::memchr_iter(b'\n', &prefix).count() as u64;
        at.offset += prefix.len() as u64;
        prefix.clear();
    }
}
