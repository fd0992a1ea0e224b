//! The reader: a thread of its own, because reading blocks.

use std::ops::Range;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::mapped_chunk::MappedChunk;
use super::passed_over::PassedOver;
use crate::journal::{Progress, ReadMark};
use crate::outcomes::booking::InputEnd;
use crate::recognition::{Recognized, Recognizer};
use crate::source::{
    Header, Input, ReaderLimits, RecordChunk, RecordReader, ResumePoint, Shard, SkippedRows, SourceError, Watch,
};

/// What the reader hands on.
#[derive(Debug)]
pub(super) enum Read {
    /// Records of the input with this index, and which of them were recognized by their bytes.
    Chunk(u16, Arc<RecordChunk>, Vec<Option<Recognized>>),
    /// Records that need not be read.
    PassedOver(Box<MappedChunk>),
    /// The end of an input.
    End(InputEnd),
    /// The end of all reading.
    Failed(SourceError),
}

/// What is read, and how.
pub(super) struct ReadJob {
    /// All inputs of the run, in order.
    pub inputs: Vec<Input>,
    /// Which of them are read.
    pub inputs_of_step: Range<usize>,
    pub limits: ReaderLimits,
    /// The columns that mean something in a CSV, for each input.
    pub columns: Vec<&'static [&'static str]>,
    /// Which records are handed on; all of them without one.
    pub shard: Option<Shard>,
    /// How the bytes are looked after.
    pub watch: Watch,
    /// How far an earlier part of the run came.
    pub progress: Arc<Progress>,
    /// What knows records by their bytes.
    pub recognizer: Option<Recognizer>,
    /// What need not be read.
    pub passed_over: Option<PassedOver>,
}

/// Starts reading, each input from where an earlier part of the run had settled everything. `hand_on`, which is `ChunkQueue::push` of
/// `mappers.rs`, says whether somebody still listens. The thread ends with its inputs, at the first error, or when nobody does.
///
/// It is never joined: blocked on standard input it could not be woken, and it holds nothing that matters.
pub(super) fn start(mut reading: ReadJob, stop: CancellationToken, hand_on: impl Fn(Read) -> bool + Send + 'static) {
    let mut recognizer = reading.recognizer.take();
    let reader = Reader { reading, stop, hand_on };
    let runtime = Handle::current();
    std::thread::spawn(move || {
        // Objects are fetched by the runtime.
        let _entered = runtime.enter();
        let ReadJob { inputs, inputs_of_step, .. } = &reader.reading;
        for (index, input) in (0..).zip(inputs).skip(inputs_of_step.start).take(inputs_of_step.len()) {
            let last = match reader.read(index, input, recognizer.as_mut()) {
                Ok(Some(end)) => Read::End(end),
                Ok(None) => return,
                Err(error) => Read::Failed(error),
            };
            let failed = matches!(last, Read::Failed(_));
            if !(reader.hand_on)(last) || failed {
                return;
            }
        }
    });
}

struct Reader<H> {
    reading: ReadJob,
    stop: CancellationToken,
    hand_on: H,
}

impl<H: Fn(Read) -> bool> Reader<H> {
    /// Reads one input; `None` when it was not read to its end because nobody wants to know.
    fn read(
        &self,
        index: u16,
        input: &Input,
        mut recognizer: Option<&mut Recognizer>,
    ) -> Result<Option<InputEnd>, SourceError> {
        let ReadJob { limits, shard, watch, progress, passed_over, .. } = &self.reading;
        let watch = watch.of(index);
        let reader = match progress.mark(index) {
            None => RecordReader::open_watched(input, *limits, &watch)?,
            Some(mark) if mark.is_end() => {
                let (records, skipped) = (mark.records_before(), SkippedRows::default());
                return Ok(Some(InputEnd { input: index, records, consumed: None, skipped }));
            }
            Some(ReadMark { key, line, offset }) => {
                let point = ResumePoint { number: key.number, line, offset };
                RecordReader::resume(input, *limits, point, &watch)?
            }
        };
        let mut reader = reader.of_shard(*shard);
        tracing::debug!(input = %input.name(), format = ?reader.format(), "reading");
        let columns = reader.header().map(Header::names).unwrap_or_default();
        let ignored: Vec<&String> =
            columns.iter().filter(|name| !self.reading.columns[usize::from(index)].contains(&name.as_str())).collect();
        if !ignored.is_empty() {
            tracing::info!(?ignored, "columns that Clerk does not document");
        }
        let goes_on = |read| !self.stop.is_cancelled() && (self.hand_on)(read);
        loop {
            let pass_over = |chunk| goes_on(Read::PassedOver(Box::new(chunk)));
            if let Some(point) = passed_over.as_ref().and_then(|over| over.stretch((index, input), &reader, pass_over))
            {
                reader = RecordReader::resume(input, *limits, point, &watch)?;
            }
            let Some(chunk) = reader.next_chunk()? else { break };
            let recognized = recognizer.as_mut().map(|recognizer| recognizer.recognize(&chunk)).unwrap_or_default();
            if !goes_on(Read::Chunk(index, Arc::new(chunk), recognized)) {
                return Ok(None);
            }
        }
        let (records, consumed, skipped) = (reader.records(), Some(reader.consumed()), reader.skipped());
        Ok(Some(InputEnd { input: index, records, consumed, skipped }))
    }
}
