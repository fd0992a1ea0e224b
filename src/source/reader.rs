//! Reads one input from its first byte to its last, and returns its records in chunks.

mod beginning;
mod buffering;
mod ending;
mod opening;
mod watching;

use std::io::Read;
use std::sync::Arc;

use watching::Watching;

use super::buffer::{Buffer, Buffers};
use super::compressed::Compressed;
use super::elements::ElementFramer;
use super::envelope::{Behind, Walk};
use super::expected::NothingExpected;
use super::frame::{Bounds, FrameStep, Framer};
use super::page::{Omitted, Page, add};
use super::record::to_index;
use super::unread::Unread;
use super::{
    ExpectedRecords, Format, FramingFault, Header, Place, ReaderLimits, RecordChunk, RecordSpan, Shard, SkippedRows,
    SourceError,
};

/// The largest number of records in a chunk. It bounds what is kept of each record beside its bytes, even if records are
/// tiny.
pub(crate) const CHUNK_RECORDS: usize = 1024;

/// What comes next in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Records may follow.
    Records,
    /// An array has ended; what is behind it is unread.
    Behind,
    /// Everything was read, or reading failed.
    Done,
}

/// Reads the records of one input.
///
/// After an error every further call returns `None`. All records before the error are returned first: if an error comes
/// while a chunk is filled, it is kept until the chunk was returned.
pub struct RecordReader {
    input: Arc<str>,
    format: Format,
    /// The header of a CSV.
    header: Option<Arc<Header>>,
    limits: ReaderLimits,
    /// The shard whose records are returned; without one, all records are.
    shard: Option<Shard>,
    /// How many records at the beginning are not returned, because they are settled.
    settled: u64,
    /// The content that is not in the buffer yet: decompressed, and watched.
    reader: Box<dyn Read + Send>,
    /// What is known of a compressed input.
    compressed: Option<Arc<Compressed>>,
    /// How the bytes of the input are watched.
    watched: Watching,
    /// What finds records in the buffer. It knows how far it came.
    framer: Box<dyn Framer + Send>,
    /// Where buffers come from: a chunk takes along the one that its records are in.
    buffers: Buffers,
    /// The content that was read and not returned: records that were found, and behind them what the framer has yet to go through.
    buffer: Buffer,
    /// The offset of the first byte of the buffer.
    base: u64,
    /// The length of the gap: white space that was dropped from the buffer because it is behind the unfinished record and long.
    /// What is at the cursor or behind it has its index in the buffer by its offset, less `base` and less this.
    gap: u64,
    /// The page of users that is read. Lines and rows are taken for one page.
    page: Page,
    /// What is in place of the first page and is not a page, until it was returned.
    in_place_of_page: Option<Bounds>,
    /// Objects in arrays beside the users, which are not read.
    beside: Omitted,
    /// How many records were framed.
    records: u64,
    /// How many of them are known to be covered by checksums.
    covered: u64,
    /// How many bytes of the content are covered by checksums.
    verified: u64,
    /// What comes next.
    stage: Stage,
    /// An error that came while a chunk was filled, until that chunk was returned.
    kept_error: Option<SourceError>,
    /// How many records the last chunk had: for as many there is room in the next one.
    usual_records: usize,
}

impl RecordReader {
    /// Makes the reader return only the records of one shard. The other records are framed.
    #[must_use]
    pub fn of_shard(self, shard: Option<Shard>) -> Self {
        Self { shard, ..self }
    }

    /// The number of the last record that was framed. At the end it is the number of records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Rows without a user that were skipped.
    pub fn skipped(&self) -> SkippedRows {
        self.framer.skipped()
    }

    /// How many bytes of the input were read and used.
    pub fn consumed(&self) -> u64 {
        let (cursor, _) = self.framer.cursor();
        self.compressed.as_ref().map_or(cursor, |compressed| compressed.read())
    }

    /// Whether another reader can begin at any record of it, without reading what is before.
    pub fn can_begin_anywhere(&self) -> bool {
        self.compressed.is_none() && self.header.is_none() && self.settled == 0
    }

    /// The shape that was found.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The header, if the input is a CSV.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_deref()
    }

    /// The next records; `None` behind the last ones.
    pub fn next_chunk(&mut self) -> Result<Option<RecordChunk>, SourceError> {
        self.next_chunk_of(&mut NothingExpected)
    }

    /// The next records, some of which may be expected; `None` behind the last ones.
    pub fn next_chunk_of(&mut self, expected: &mut dyn ExpectedRecords) -> Result<Option<RecordChunk>, SourceError> {
        if let Some(error) = self.kept_error.take() {
            return Err(error);
        }
        let mut spans = Vec::with_capacity(self.usual_records);
        if let Err(error) = self.fill(&mut spans, expected) {
            self.stage = Stage::Done;
            let error = self.explain(error);
            if spans.is_empty() {
                return Err(error);
            }
            self.kept_error = Some(error);
        }
        self.usual_records = spans.len();
        Ok((!spans.is_empty()).then(|| self.take_chunk(spans)))
    }

    /// Finds records until a chunk is full or the input ends.
    fn fill(&mut self, spans: &mut Vec<RecordSpan>, expected: &mut dyn ExpectedRecords) -> Result<(), SourceError> {
        if let Some(bounds) = self.in_place_of_page.take() {
            self.framed(bounds, spans, expected);
        }
        while match self.stage {
            Stage::Records => self.find(spans, expected)?,
            Stage::Behind => self.go_on(spans, expected)?,
            Stage::Done => false,
        } {}
        Ok(())
    }

    /// Takes a step towards the next record. Returns false if the chunk is full.
    fn find(&mut self, spans: &mut Vec<RecordSpan>, expected: &mut dyn ExpectedRecords) -> Result<bool, SourceError> {
        match self.framer.step(&self.buffer, self.base + self.gap) {
            FrameStep::Begins(offset) => {
                let index = to_index(offset - self.base - self.gap);
                if self.takes(self.records + 1)
                    && let Some(extent) = expected.extent_of_next(&self.buffer[index..])
                {
                    self.framer.skip(extent);
                }
            }
            FrameStep::Record(bounds) => {
                self.framed(bounds, spans, expected);
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
            FrameStep::WrongShape(place, problem) => {
                let (input, problem, records) = (Arc::clone(&self.input), problem.to_owned(), self.records);
                return Err(SourceError::WrongShape { input, place, problem, records });
            }
            FrameStep::More => {
                if self.buffer.len() >= self.limits.chunk_bytes && !spans.is_empty() {
                    return Ok(false);
                }
                // If the data are cut off, their end says nothing.
                if self.read_more(spans.is_empty())? == 0 && (self.is_cut_off() || !self.framer.may_find_more_at_end())
                {
                    self.end_of_input(spans, expected)?;
                }
            }
        }
        Ok(true)
    }

    /// Goes on behind an array. Returns false if the chunk must be returned first.
    fn go_on(&mut self, spans: &mut Vec<RecordSpan>, expected: &mut dyn ExpectedRecords) -> Result<bool, SourceError> {
        let Self { format, records, ref input, .. } = *self;
        let place = self.place();
        let (buffer, base, reader) = (&mut self.buffer, &mut self.base, self.reader.as_mut());
        let unread = Unread { buffer, base, reader, full: self.limits.chunk_bytes, holds_records: !spans.is_empty() };
        let (behind, beside) = (Walk { unread, format, place, records, input }).go_on(&self.page)?;
        add(&mut self.beside, &beside);
        self.look_at_checksums();
        match behind {
            Behind::RecordsFirst => return Ok(false),
            Behind::Page(page, place) => self.begin_page(page, place, Stage::Records),
            Behind::Answer(bounds, end) => {
                self.framed(bounds, spans, expected);
                self.begin_page(Page::over(), end, Stage::Behind);
            }
            Behind::End => {
                self.stage = Stage::Done;
                self.warn_of_objects_beside_users();
                self.check_end(None)?;
            }
        }
        Ok(spans.len() < CHUNK_RECORDS)
    }

    fn begin_page(&mut self, page: Page, Place { line, offset }: Place, stage: Stage) {
        self.page = page;
        self.framer = Box::new(ElementFramer::of_page(offset, line, self.records));
        self.stage = stage;
    }

    /// Handles a record that was found. Records of other shards, and records settled before, are skipped unread.
    fn framed(&mut self, bounds: Bounds, spans: &mut Vec<RecordSpan>, expected: &mut dyn ExpectedRecords) {
        self.records += 1;
        self.page.has_users = true;
        // A line ends with its line break, and an element ends with itself.
        let ends_itself = !matches!(self.format, Format::Lines | Format::Rows);
        let end = if ends_itself { bounds.end } else { self.framer.cursor().0 };
        if self.compressed.is_some() && end <= self.verified {
            self.covered = self.records;
        }
        if self.takes(self.records) {
            let span = self.span(bounds);
            // What a row of a CSV means depends on its header.
            if self.header.is_none() {
                // What is in front of a gap has its index by its offset.
                expected.found(span.bytes_in(&self.buffer, self.base));
            }
            spans.push(span);
        }
    }

    /// Whether the record with this number goes into a chunk.
    fn takes(&self, number: u64) -> bool {
        number > self.settled && self.shard.is_none_or(|shard| shard.takes(number))
    }

    /// Updates what the checksums cover. A correct checksum covers everything that was read before it, and so all records.
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
            // Its bytes may still be in the buffer. That must not decide what becomes of it.
            _ if !self.limits.keep(bounds) => Some(FramingFault::TooLarge { limit }),
            _ => None,
        };
        RecordSpan { number: self.records, line: bounds.line, offset: bounds.start, length, fault }
    }

    fn place(&self) -> Place {
        let (offset, line) = self.framer.cursor();
        Place { line, offset }
    }
}
