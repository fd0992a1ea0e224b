//! Reads one input from its first byte to its last and hands out its records in chunks.

use std::io::{self, Read};
use std::sync::Arc;

use super::answer::{ANSWER, error_answer};
use super::block::BLOCK;
use super::buffer::{Buffer, Buffers};
use super::compressed::{Compressed, Ending, Opened, Reliance, decompressed};
use super::detect::{Shape, detect, is_blank};
use super::envelope::{Behind, Found, Walk};
use super::frame::{AtEnd, Bounds, ElementFramer, Framer, Step};
use super::known::BLOCK_BYTES;
use super::lines::LineFramer;
use super::page::{Counts, Page, add, shown};
use super::record::to_index;
use super::rows::RowFramer;
use super::unread::Unread;
use super::{
    Format, FramingFault, Header, Input, InputWatch, Place, RecordChunk, RecordSpan, Shard, SkippedRows, SourceError,
    diagnose,
};

/// Records of a chunk at the most, so that what is kept of each beside its bytes is bounded, too, however small they are.
pub(crate) const CHUNK_RECORDS: usize = 1024;

/// How many first bytes are looked at to find an input's shape.
const PREFIX: usize = 64 * 1024;

/// Bounds of what the reader buffers.
#[derive(Clone, Copy, Debug)]
pub struct ReaderLimits {
    /// Bytes after which a chunk is handed out. A chunk holds at most this and one record.
    pub chunk_bytes: usize,
    /// The largest record that is buffered; a larger one becomes a [`FramingFault::TooLarge`].
    pub record_bytes: usize,
}

impl Default for ReaderLimits {
    fn default() -> Self {
        Self { chunk_bytes: 256 * 1024, record_bytes: 8 * 1024 * 1024 }
    }
}

impl ReaderLimits {
    /// Whether a record's bytes are kept. What is not kept once never is again, whatever follows.
    fn keep(self, record: Bounds) -> bool {
        record.end - record.start <= self.record_bytes as u64
    }

    /// Buffers for chunks of this size, and for as many more bytes at once as they have to grow by.
    fn buffers(self) -> Buffers {
        Buffers::new(self.chunk_bytes.max(1).next_multiple_of(BLOCK))
    }
}

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
    watched: Watched,
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
    beside: Counts,
    records: u64,
    /// How many of them checksums cover, as far as is known, and how much of the content.
    covered: u64,
    verified: u64,
    stage: Stage,
    pending: Option<SourceError>,
}

/// How the input's bytes are looked after.
#[derive(Clone, Default)]
struct Watched {
    watch: InputWatch,
    /// Whether it can be read only once.
    is_pipe: bool,
}

impl Watched {
    fn of(input: &Input, watch: &InputWatch) -> Self {
        Self { watch: watch.clone(), is_pipe: input.is_pipe() }
    }

    fn decompress(&self, input: &Input) -> Result<Opened, SourceError> {
        let reliance = match &self.watch {
            InputWatch::Hold(_, known) => known.reliable.map_or(Reliance::Later, Reliance::UpTo),
            _ if self.is_pipe => Reliance::OneLook,
            _ => Reliance::Later,
        };
        let raw = input.open_watched(&self.watch, 0)?;
        decompressed(Box::new(raw), reliance).map_err(|reason| SourceError::read(&input.name(), START, reason))
    }
}

/// The beginning of an input: what is known of it, and what was read ahead.
struct Beginning {
    shape: Shape,
    framer: Box<dyn Framer + Send>,
    /// Bytes that were looked at to find the shape; those before the first record were read.
    prefix: io::Cursor<Vec<u8>>,
    /// What was read ahead of the first record, in a buffer of these.
    buffer: Buffer,
    buffers: Buffers,
    /// Where that, or else the rest of the prefix, begins.
    base: u64,
    page: Page,
    /// What stands in the place of the first page and is no page.
    first: Option<Bounds>,
}

impl RecordReader {
    /// Opens an input, finds its shape and reads up to its first record.
    pub fn open(input: &Input, limits: ReaderLimits) -> Result<Self, SourceError> {
        Self::open_watched(input, limits, &InputWatch::Nothing)
    }

    /// The same, looking after the input's bytes.
    pub fn open_watched(input: &Input, limits: ReaderLimits, watch: &InputWatch) -> Result<Self, SourceError> {
        let (name, watched) = (input.name(), Watched::of(input, watch));
        let Opened { mut reader, compressed } = watched.decompress(input)?;
        match begin(reader.as_mut(), &name, limits) {
            Ok(beginning) => {
                let mut begun = Self { compressed, watched, ..Self::begun(beginning, reader, name, limits) };
                begun.look_at_checksums();
                Ok(begun)
            }
            Err(error) => {
                let error = watched.explain(error, reader.as_mut(), &name);
                let is_cut_off = compressed.is_some_and(|compressed| compressed.ending() == Some(Ending::CutOff));
                if !is_cut_off || error.is_of_bytes() {
                    return Err(error);
                }
                Err(SourceError::CutOff { input: name, place: START, covered: 0, is_passed_on: false })
            }
        }
    }

    /// Goes on with a file at a record that an earlier reader found; what lies before it is not read again, and was
    /// checked then. Only the rows of a CSV are gone past once more: those without a user are to be counted.
    pub fn resume(
        input: &Input,
        limits: ReaderLimits,
        point: ResumePoint,
        watch: &InputWatch,
    ) -> Result<Self, SourceError> {
        let ResumePoint { number, line, offset } = point;
        let buffers = limits.buffers();
        let (name, watched) = (input.name(), Watched::of(input, watch));
        // Of an object, all parts are of one version.
        let is_object = matches!(input, Input::Object(_));
        let of_start = if is_object { Watched::default() } else { watched.clone() };
        let mut opened = of_start.decompress(input)?;
        let (prefix, at) = read_prefix(opened.reader.as_mut(), &name)?;
        let Shape { format, header, .. } = detect(&prefix, prefix.len() < PREFIX, at, &name)?;
        if header.is_some() {
            return Ok(Self { settled: number - 1, ..Self::open_watched(input, limits, watch)? });
        }
        let framer: Box<dyn Framer + Send> = if format == Format::Lines {
            Box::new(LineFramer::new(offset, line))
        } else {
            Box::new(ElementFramer::resume(offset, line, number))
        };
        // There is no way into the middle of what is compressed, and none but by blocks into what is checked.
        let block = offset / BLOCK_BYTES as u64;
        let (mut opened, skipped) = if opened.compressed.is_none() {
            let reader = Box::new(input.open_watched(watch, block)?);
            (Opened { reader, ..opened }, offset - block * BLOCK_BYTES as u64)
        } else {
            (watched.decompress(input)?, offset)
        };
        let failed = |reason| SourceError::read(&name, Place { line, offset }, reason);
        io::copy(&mut opened.reader.by_ref().take(skipped), &mut io::sink()).map_err(failed)?;
        let mut start = Vec::new();
        if format != Format::Lines {
            opened.reader.by_ref().take(2 * ANSWER as u64).read_to_end(&mut start).map_err(failed)?;
        }
        if error_answer(&start).is_some() {
            // It may stand in the place of a page or of a user; that is known only from what is before it.
            return Ok(Self { settled: number - 1, ..Self::open_watched(input, limits, watch)? });
        }
        let Opened { reader, compressed } = opened;
        Ok(Self {
            input: name,
            format,
            header: None,
            limits,
            shard: None,
            settled: 0,
            reader,
            compressed,
            watched,
            framer,
            buffer: buffers.holding(&start),
            buffers,
            base: offset,
            gap: 0,
            page: Page::under_way(),
            first: None,
            beside: Counts::default(),
            records: number - 1,
            covered: 0,
            verified: 0,
            stage: Stage::Records,
            pending: None,
        })
    }

    /// Reads from `reader`, which messages call `input`.
    pub fn new(mut reader: Box<dyn Read + Send>, input: Arc<str>, limits: ReaderLimits) -> Result<Self, SourceError> {
        let beginning = begin(reader.as_mut(), &input, limits)?;
        Ok(Self::begun(beginning, reader, input, limits))
    }

    fn begun(beginning: Beginning, reader: Box<dyn Read + Send>, input: Arc<str>, limits: ReaderLimits) -> Self {
        let Beginning { shape, framer, prefix, buffer, buffers, base, page, first } = beginning;
        let Shape { format, header, .. } = shape;
        Self {
            input,
            format,
            header,
            limits,
            shard: None,
            settled: 0,
            reader: Box::new(prefix.chain(reader)),
            compressed: None,
            watched: Watched::default(),
            framer,
            buffer,
            buffers,
            base,
            gap: 0,
            page,
            stage: if first.is_some() { Stage::Behind } else { Stage::Records },
            first,
            beside: Counts::default(),
            records: 0,
            covered: 0,
            verified: 0,
            pending: None,
        }
    }

    /// The same, handing out the records of one shard and framing the others.
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
            Step::Record(bounds) => {
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
            Step::End => self.stage = Stage::Behind,
            Step::Lost(bounds) => return Err(self.lost(bounds)),
            Step::Refused(place, problem) => {
                let (input, problem, records) = (Arc::clone(&self.input), problem.to_owned(), self.records);
                return Err(SourceError::WrongShape { input, place, problem, records });
            }
            Step::More => {
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

    /// Says what was not read, unless an earlier look at the input said so.
    fn tell_of_others(&self) {
        if self.watched.is_held() {
            return;
        }
        for (name, objects) in &self.beside {
            let (input, name) = (&self.input, shown(name));
            tracing::warn!(
                "{input}: {objects} objects in {name} beside `data` do not look like users and are not read"
            );
        }
    }

    /// Why compressed data ended before the data did.
    fn ending(&self) -> Option<Ending> {
        self.compressed.as_ref().and_then(|compressed| compressed.ending())
    }

    fn is_cut_off(&self) -> bool {
        self.ending() == Some(Ending::CutOff)
    }

    /// The content ended; in the middle of something, if it is still `inside` that.
    fn ended(&self, inside: Option<String>) -> Result<(), SourceError> {
        let (input, records) = (Arc::clone(&self.input), self.records);
        match (self.ending(), inside) {
            (Some(Ending::Surplus(offset)), _) => Err(SourceError::Surplus { input, offset, records }),
            (Some(Ending::CutOff), _) => {
                let covered = if self.watched.is_held() { records } else { self.covered };
                let is_passed_on = self.watched.has_no_second_look() && records > covered;
                Err(SourceError::CutOff { input, place: self.place(), covered, is_passed_on })
            }
            (None, Some(inside)) => Err(SourceError::Truncated { input, place: self.place(), inside, records }),
            (None, None) => Ok(()),
        }
    }

    /// What an error comes from, and what can be relied on of what was read before it.
    fn explain(&mut self, error: SourceError) -> SourceError {
        let error = self.watched.explain(error, self.reader.as_mut(), &self.input);
        let Some(compressed) = &self.compressed else { return error };
        if let InputWatch::Record(recorder, index) = &self.watched.watch
            && compressed.ending() == Some(Ending::CutOff)
        {
            recorder.rely_on(*index, compressed.verified());
        }
        match error {
            SourceError::Damaged { input, place, problem, .. } => {
                let is_passed_on = self.watched.has_no_second_look() && place.offset > compressed.verified();
                SourceError::Damaged { input, place, problem, is_passed_on }
            }
            other => other,
        }
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
        let room = self.buffer.free();
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

    fn end_of_input(&mut self, spans: &mut Vec<RecordSpan>) -> Result<(), SourceError> {
        let end = self.framer.finish();
        self.stage = Stage::Done;
        let (last, inside) = match end {
            AtEnd::Complete => (None, None),
            AtEnd::Record(_) if self.is_cut_off() => (None, None),
            AtEnd::Record(bounds) => match self.cut_off(bounds) {
                // A last line that is cut off is no reject: the file is damaged, not the record.
                Some(inside) => (None, Some(inside)),
                None => (Some(bounds), None),
            },
            AtEnd::Truncated { whole, inside } => (whole, Some(inside)),
        };
        if let Some(bounds) = last {
            self.framed(bounds, spans);
        }
        self.ended(inside)
    }

    /// Whether a last line without a line break ends in the middle of its value.
    fn cut_off(&self, bounds: Bounds) -> Option<String> {
        let start = to_index(bounds.start.saturating_sub(self.base));
        let end = to_index(bounds.end.saturating_sub(self.base));
        let text = self.buffer.get(start..end).filter(|_| bounds.start >= self.base)?;
        let is_open = !text.ends_with(b"}");
        diagnose(text).filter(|fault| fault.ends_early || is_open).map(|_| {
            format!("inside record {} (starts at line {}, byte offset {})", self.records + 1, bounds.line, bounds.start)
        })
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

    fn lost(&self, bounds: Bounds) -> SourceError {
        SourceError::StructureLost {
            input: Arc::clone(&self.input),
            record: self.records + 1,
            start: Place { line: bounds.line, offset: bounds.start },
        }
    }

    fn place(&self) -> Place {
        let (offset, line) = self.framer.cursor();
        Place { line, offset }
    }
}

const START: Place = Place { line: 1, offset: 0 };

impl Watched {
    /// Whether only what was found right before is read.
    fn is_held(&self) -> bool {
        matches!(self.watch, InputWatch::Hold(..))
    }

    /// Whether what is read is used at once.
    fn has_no_second_look(&self) -> bool {
        self.is_pipe || matches!(self.watch, InputWatch::Nothing)
    }

    /// What is wrong with the content may come of damage to the bytes, of which only their end may tell. So they are read up
    /// to there, unless they come out of a pipe; then all of them were seen, too.
    fn explain(&self, error: SourceError, reader: &mut dyn Read, input: &Arc<str>) -> SourceError {
        let place = match &error {
            _ if self.is_pipe || error.is_of_bytes() => return error,
            SourceError::Truncated { place, .. }
            | SourceError::Syntax { place, .. }
            | SourceError::WrongShape { place, .. }
            | SourceError::StructureLost { start: place, .. } => *place,
            _ => START,
        };
        match io::copy(reader, &mut io::sink()) {
            Ok(_) => error,
            Err(reason) => SourceError::read(input, place, reason),
        }
    }
}

/// Finds an input's shape and reads up to its first record.
fn begin(reader: &mut dyn Read, input: &Arc<str>, limits: ReaderLimits) -> Result<Beginning, SourceError> {
    let (prefix, at) = read_prefix(reader, input)?;
    let shape = detect(&prefix, prefix.len() < PREFIX, at, input)?;
    let Place { line, offset: mut base } = shape.start;
    let mut prefix = io::Cursor::new(prefix);
    prefix.set_position(base - at.offset);
    let buffers = limits.buffers();
    let (mut buffer, mut page, mut first) = (buffers.holding(&[]), Page::default(), None);
    let framer: Box<dyn Framer + Send> = match &shape.header {
        Some(header) => Box::new(RowFramer::new(Arc::clone(header), shape.start, limits.record_bytes)),
        None if shape.format == Format::Lines => Box::new(LineFramer::new(base, line)),
        None => {
            let mut rest = (&mut prefix).chain(reader);
            let (buffer, base, full) = (&mut buffer, &mut base, limits.chunk_bytes);
            let unread = Unread { buffer, base, reader: &mut rest, full, holds_records: false };
            let (found, place) = Walk { unread, format: shape.format, place: shape.start, records: 0, input }.open()?;
            match found {
                Found::Page(found) => page = found,
                Found::Answer(bounds) => (page, first) = (Page::over(), Some(bounds)),
            }
            Box::new(ElementFramer::new(place.offset, place.line))
        }
    };
    Ok(Beginning { shape, framer, prefix, buffer, buffers, base, page, first })
}

/// Reads the first bytes that are not all white space, and where they begin; fewer only when the input has no more.
fn read_prefix(reader: &mut dyn Read, input: &Arc<str>) -> Result<(Vec<u8>, Place), SourceError> {
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
