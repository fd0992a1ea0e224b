//! Reads one input from its first byte to its last and hands out its records in chunks.

mod beginning;
mod bytes;
mod ending;
mod opening;

use std::io::{self, Read};
use std::sync::Arc;

use self::bytes::Watching;
use super::buffer::{Buffer, Buffers};
use super::compressed::Compressed;
use super::envelope::{Behind, Walk};
use super::frame::{Bounds, ElementFramer, FrameStep, Framer};
use super::page::{Omitted, Page, add};
use super::record::to_index;
use super::unread::Unread;
use super::{
    Format, FramingFault, Header, Place, ReaderLimits, RecordChunk, RecordSpan, Shard, SkippedRows, SourceError,
};

/// Records of a chunk at the most, so that what is kept of each beside its bytes is bounded, too, however small they are.
pub(crate) const CHUNK_RECORDS: usize = 1024;

/// The start of a record in a file, from which reading can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// The record's number, from 1.
    pub number: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
}

/// What comes next in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Records may follow.
    Records,
    /// An array is over; what is behind it is unread.
    Behind,
    /// Everything was read, or reading failed.
    Done,
}

/// Reads the records of one input.
///
/// After an error every further call returns `None`. Records before the error were all handed out: a fault found while
/// a chunk is filled is kept until the chunk is out.
pub struct RecordReader {
    input: Arc<str>,
    format: Format,
    /// The header of a CSV.
    header: Option<Arc<Header>>,
    limits: ReaderLimits,
    /// Which records are handed out; all of them without one.
    shard: Option<Shard>,
    /// Records at the beginning that are not handed out.
    settled: u64,
    reader: Box<dyn Read + Send>,
    /// What is known of a compressed input.
    compressed: Option<Arc<Compressed>>,
    watched: Watching,
    framer: Box<dyn Framer + Send>,
    buffers: Buffers,
    buffer: Buffer,
    base: u64,
    /// How many bytes of white space are missing in the buffer, behind the record under way: what is at and behind the
    /// cursor lies so much further back than its offset says.
    gap: u64,
    page: Page,
    /// What stands in the place of the first page and is no page, as long as it was not handed out.
    first: Option<Bounds>,
    /// Objects in arrays beside the users, which are not read.
    beside: Omitted,
    records: u64,
    /// How many of them checksums cover, as far as is known, and how much of the content.
    covered: u64,
    verified: u64,
    stage: Stage,
    pending: Option<SourceError>,
}

impl RecordReader {
    /// This reader, which then hands out the records of one shard and frames the others.
    #[must_use]
    pub fn of_shard(self, shard: Option<Shard>) -> Self {
        Self { shard, ..self }
    }

    /// The number of the last record that was framed, so in the end how many there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Rows without a user that were gone past.
    pub fn skipped(&self) -> SkippedRows {
        self.framer.skipped()
    }

    /// How many bytes of the input are behind the reader.
    pub fn consumed(&self) -> u64 {
        let (cursor, _) = self.framer.cursor();
        self.compressed.as_ref().map_or(cursor, |compressed| compressed.read())
    }

    /// The shape that was found.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The header, if the input is a CSV.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_deref()
    }

    /// The next records, `None` behind the last ones.
    pub fn next_chunk(&mut self) -> Result<Option<RecordChunk>, SourceError> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        let mut spans = Vec::new();
        if let Err(error) = self.fill(&mut spans) {
            self.stage = Stage::Done;
            let error = self.explain(error);
            if spans.is_empty() {
                return Err(error);
            }
            self.pending = Some(error);
        }
        Ok((!spans.is_empty()).then(|| self.cut(spans)))
    }

    /// Finds records until a chunk is full or the input ends.
    fn fill(&mut self, spans: &mut Vec<RecordSpan>) -> Result<(), SourceError> {
        if let Some(bounds) = self.first.take() {
            self.framed(bounds, spans);
        }
        while match self.stage {
            Stage::Records => self.find(spans)?,
            Stage::Behind => self.go_on(spans)?,
            Stage::Done => false,
        } {}
        Ok(())
    }

    /// Takes a step towards the next record; false once the chunk is full.
    fn find(&mut self, spans: &mut Vec<RecordSpan>) -> Result<bool, SourceError> {
        match self.framer.step(&self.buffer, self.base + self.gap) {
            FrameStep::Record(bounds) => {
                self.framed(bounds, spans);
                if self.gap > 0 && !spans.is_empty() {
                    // Behind the gap nothing is where its offset says.
                    return Ok(false);
                }
                if self.gap > 0 {
                    self.drop_before(self.needed_from());
                }
                return Ok(spans.len() < CHUNK_RECORDS);
            }
            FrameStep::End => self.stage = Stage::Behind,
            FrameStep::Lost(bounds) => return Err(self.lost(bounds)),
            FrameStep::Refused(place, problem) => {
                let (input, problem, records) = (Arc::clone(&self.input), problem.to_owned(), self.records);
                return Err(SourceError::WrongShape { input, place, problem, records });
            }
            FrameStep::More => {
                if self.buffer.len() >= self.limits.chunk_bytes && !spans.is_empty() {
                    return Ok(false);
                }
                // Of data that are cut off nothing can be said by their end.
                if self.read_more(spans.is_empty())? == 0 && (self.is_cut_off() || !self.framer.end()) {
                    self.end_of_input(spans)?;
                }
            }
        }
        Ok(true)
    }

    /// Goes on behind an array; false if the chunk has to be handed out before that.
    fn go_on(&mut self, spans: &mut Vec<RecordSpan>) -> Result<bool, SourceError> {
        let Self { format, records, ref input, .. } = *self;
        let place = self.place();
        let (buffer, base, reader) = (&mut self.buffer, &mut self.base, self.reader.as_mut());
        let unread = Unread { buffer, base, reader, full: self.limits.chunk_bytes, holds_records: !spans.is_empty() };
        let (behind, beside) = (Walk { unread, format, place, records, input }).go_on(&self.page)?;
        add(&mut self.beside, &beside);
        self.look_at_checksums();
        match behind {
            Behind::HandOut => return Ok(false),
            Behind::Page(page, place) => self.begin_page(page, place, Stage::Records),
            Behind::Answer(bounds, end) => {
                self.framed(bounds, spans);
                self.begin_page(Page::over(), end, Stage::Behind);
            }
            Behind::End => {
                self.stage = Stage::Done;
                self.tell_of_others();
                self.ended(None)?;
            }
        }
        Ok(spans.len() < CHUNK_RECORDS)
    }

    fn begin_page(&mut self, page: Page, Place { line, offset }: Place, stage: Stage) {
        self.page = page;
        self.framer = Box::new(ElementFramer::resume(offset, line, self.records + 1));
        self.stage = stage;
    }

    /// A record was found. Those of other shards, and those settled before, are gone past: nobody looks into them.
    fn framed(&mut self, bounds: Bounds, spans: &mut Vec<RecordSpan>) {
        self.records += 1;
        self.page.has_users = true;
        // A line is over with its line break, and an element with itself.
        let ends_itself = !matches!(self.format, Format::Lines | Format::Rows);
        let end = if ends_itself { bounds.end } else { self.framer.cursor().0 };
        if self.compressed.is_some() && end <= self.verified {
            self.covered = self.records;
        }
        let is_taken = self.records > self.settled && self.shard.is_none_or(|shard| shard.takes(self.records));
        if is_taken {
            spans.push(self.span(bounds));
        }
    }

    /// Once more bytes were read: if a checksum was found right, it covers all that was read before, and so all records.
    fn look_at_checksums(&mut self) {
        let Some(compressed) = &self.compressed else { return };
        if compressed.verified() > self.verified {
            self.verified = compressed.verified();
            self.covered = self.records;
        }
    }

    fn span(&self, bounds: Bounds) -> RecordSpan {
        let length = bounds.end - bounds.start;
        let limit = self.limits.record_bytes as u64;
        let fault = match length {
            0 => Some(FramingFault::Empty),
            // Its bytes may still be in the buffer; that must not decide what becomes of it.
            _ if !self.limits.keep(bounds) => Some(FramingFault::TooLarge { limit }),
            _ => None,
        };
        RecordSpan { number: self.records, line: bounds.line, offset: bounds.start, length, fault }
    }

    /// Reads behind the buffer's content. With no record in the buffer yet, what came before the one under way is
    /// dropped, and so is that one itself once it is too large, or else the white space behind it once that is.
    fn read_more(&mut self, droppable: bool) -> Result<usize, SourceError> {
        if droppable {
            self.drop_before(self.needed_from());
            self.drop_space();
        }
        // Room that is there is filled first: pipes and decompressors give little at once.
        let room = self.buffer.spare();
        loop {
            match self.reader.read(room) {
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

    /// Offset of the first byte that is still needed: where the record under way begins, unless it is too large.
    fn needed_from(&self) -> u64 {
        let kept = self.framer.under_way().filter(|record| self.limits.keep(*record));
        kept.map_or(self.framer.cursor().0, |record| record.start)
    }

    /// Drops what lies before this offset, which is that of the record in front of the gap, or not before the cursor.
    fn drop_before(&mut self, offset: u64) {
        if offset > self.base {
            let count = to_index(offset - self.base - self.gap).min(self.buffer.len());
            self.buffer.drop_first(count);
            (self.base, self.gap) = (offset, 0);
        }
    }

    /// Drops as much white space behind the record under way as makes it too large if more of it comes: the buffer then
    /// ends with the record, and goes on where the framer does.
    fn drop_space(&mut self) {
        let (cursor, _) = self.framer.cursor();
        let Some(record) = self.framer.under_way().filter(|record| self.limits.keep(*record)) else { return };
        if cursor - record.end > self.limits.record_bytes as u64 {
            let length = to_index(record.end - self.base);
            self.gap += (self.buffer.len() - length) as u64;
            self.buffer.truncate(length);
        }
    }

    /// Takes the records out together with the bytes that hold them; the rest begins the next chunk.
    fn cut(&mut self, spans: Vec<RecordSpan>) -> RecordChunk {
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

    fn place(&self) -> Place {
        let (offset, line) = self.framer.cursor();
        Place { line, offset }
    }
}
