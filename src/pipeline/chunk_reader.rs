//! The reader: what comes next in the inputs. The mappers take turns at asking it.

use std::ops::Range;
use std::sync::Arc;

use super::job::Intake;
use super::mapped_chunk::MappedChunk;
use super::passed_over::PassedOver;
use super::shard_blocks::ShardBlocks;
use crate::journal::{Progress, ReadMark};
use crate::outcomes::booking::InputEnd;
use crate::recognition::{Recognized, Recognizer};
use crate::source::{
    Header, Input, ReaderLimits, RecordChunk, RecordReader, ResumePoint, Shard, SkippedRows, SourceError, Watch,
};

/// What the reader finds.
#[derive(Debug)]
pub(super) enum ReadStep {
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
pub(super) struct ReaderSetup {
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
    /// What is done about the blocks of shards.
    pub shard_blocks: ShardBlocks,
    /// How far an earlier part of the run came.
    pub progress: Arc<Progress>,
    /// What knows records by their bytes.
    pub recognizer: Option<Recognizer>,
    /// What need not be read.
    pub passed_over: Option<PassedOver>,
}

/// Reads the inputs, each from where an earlier part of the run had settled everything, one step after the other. It is over behind
/// its inputs, or behind the first error.
pub(super) struct ChunkReader {
    setup: ReaderSetup,
    /// None before the first input, and between two.
    open: Option<OpenInput>,
}

struct OpenInput {
    index: u16,
    reader: RecordReader,
    /// The end of the records that were passed over, if the reader is not there yet.
    passed_to: Option<ResumePoint>,
}

impl Iterator for ChunkReader {
    type Item = ReadStep;

    fn next(&mut self) -> Option<ReadStep> {
        self.step().unwrap_or_else(|error| {
            (self.open, self.setup.inputs_of_step) = (None, 0..0);
            Some(ReadStep::Failed(error))
        })
    }
}

impl ChunkReader {
    /// One that stands before its first input.
    pub(super) fn new(setup: ReaderSetup) -> Self {
        Self { setup, open: None }
    }

    fn step(&mut self) -> Result<Option<ReadStep>, SourceError> {
        if self.open.is_none() {
            let Some(index) = self.setup.inputs_of_step.next() else { return Ok(None) };
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            match self.setup.progress.mark(index) {
                Some(mark) if mark.is_end() => {
                    let (records, skipped) = (mark.records_before(), SkippedRows::default());
                    return Ok(Some(ReadStep::End(InputEnd { input: index, records, consumed: None, skipped })));
                }
                mark => {
                    let reader = self.setup.open(index, mark)?;
                    self.open = Some(OpenInput { index, reader, passed_to: None });
                }
            }
        }
        let Some(OpenInput { index, reader, passed_to }) = &mut self.open else { return Ok(None) };
        if let Some((chunk, behind)) = self.setup.pass_over(*index, reader, *passed_to) {
            *passed_to = Some(behind);
            return Ok(Some(ReadStep::PassedOver(Box::new(chunk))));
        }
        if let Some(point) = passed_to.take() {
            *reader = self.setup.resume(*index, point)?;
        }
        if let Some(point) = self.setup.behind_others(*index, reader) {
            *reader = self.setup.resume(*index, point)?;
        }
        let chunk = match &mut self.setup.recognizer {
            Some(recognizer) => reader.next_chunk_of(recognizer),
            None => reader.next_chunk(),
        };
        let Some(chunk) = chunk? else {
            let (records, consumed, skipped) = (reader.records(), Some(reader.consumed()), reader.skipped());
            let end = InputEnd { input: *index, records, consumed, skipped };
            self.open = None;
            return Ok(Some(ReadStep::End(end)));
        };
        if let ShardBlocks::Note(starts) = &self.setup.shard_blocks {
            starts.note(*index, &chunk.spans);
        }
        let recognized = self.setup.recognizer.as_mut().map(Recognizer::take).unwrap_or_default();
        Ok(Some(ReadStep::Chunk(*index, Arc::new(chunk), recognized)))
    }
}

impl ReaderSetup {
    /// Every record of an intake is read that is ours, and that an earlier part of the run has not settled.
    pub(super) fn of(intake: Intake, progress: Arc<Progress>) -> Self {
        Self {
            columns: intake.mapper_of_input.iter().map(|mapper| mapper.columns()).collect(),
            inputs: intake.inputs,
            inputs_of_step: intake.inputs_of_step,
            limits: intake.reader_limits,
            shard: intake.records.shard(),
            watch: intake.watch,
            shard_blocks: intake.shard_blocks,
            progress,
            recognizer: None,
            passed_over: None,
        }
    }

    fn input(&self, index: u16) -> &Input {
        &self.inputs[usize::from(index)]
    }

    /// Opens an input, at the place up to which all was settled before.
    fn open(&self, index: u16, mark: Option<ReadMark>) -> Result<RecordReader, SourceError> {
        let input = self.input(index);
        let reader = match mark {
            None => RecordReader::open_watched(input, self.limits, &self.watch.of(index))?.of_shard(self.shard),
            Some(ReadMark { key, line, offset }) => {
                self.resume(index, ResumePoint { number: key.number, line, offset })?
            }
        };
        tracing::debug!(input = %input.name(), format = ?reader.format(), "reading");
        let columns = reader.header().map(Header::names).unwrap_or_default();
        let ignored: Vec<&String> =
            columns.iter().filter(|name| !self.columns[usize::from(index)].contains(&name.as_str())).collect();
        if !ignored.is_empty() {
            tracing::info!(?ignored, "columns that Clerk does not document");
        }
        Ok(reader)
    }

    /// Opens an input at this point.
    fn resume(&self, index: u16, point: ResumePoint) -> Result<RecordReader, SourceError> {
        let reader = RecordReader::resume(self.input(index), self.limits, point, &self.watch.of(index))?;
        Ok(reader.of_shard(self.shard))
    }

    /// The next records that need not be read, and where the records behind them are.
    fn pass_over(
        &self,
        index: u16,
        reader: &RecordReader,
        passed_to: Option<ResumePoint>,
    ) -> Option<(MappedChunk, ResumePoint)> {
        self.passed_over.as_ref()?.next((index, self.input(index)), reader, passed_to)
    }

    /// Where the next records of our shard are, if a reader stands before records of others and can go there at once.
    fn behind_others(&self, index: u16, reader: &RecordReader) -> Option<ResumePoint> {
        let (ShardBlocks::PassOver(starts), Some(shard)) = (&self.shard_blocks, self.shard) else { return None };
        if !matches!(self.input(index), Input::File(_)) || !reader.can_begin_anywhere() {
            return None;
        }
        starts.next_of(shard, index, reader.records() + 1).unwrap_or_else(|error| {
            tracing::debug!(%error, "where blocks begin cannot be read");
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::create_private;
    use crate::pipeline::shard_blocks::{BlockStarts, NotedStarts};

    /// The numbers of the records that come of a file, and how many there are in it; nothing if it cannot be read.
    fn read(path: &std::path::Path, shard: Option<&str>, shard_blocks: ShardBlocks) -> (Vec<u64>, Option<u64>) {
        let setup = ReaderSetup {
            inputs: vec![Input::from_argument(path)],
            inputs_of_step: 0..1,
            limits: ReaderLimits { chunk_bytes: 4096, ..ReaderLimits::default() },
            columns: vec![&[]],
            shard: shard.map(|shard| shard.parse().unwrap()),
            watch: Watch::Nothing,
            shard_blocks,
            progress: Arc::new(Progress::new(1)),
            recognizer: None,
            passed_over: None,
        };
        let (mut numbers, mut records) = (Vec::new(), None);
        for step in ChunkReader::new(setup) {
            match step {
                ReadStep::Chunk(_, chunk, _) => numbers.extend(chunk.spans.iter().map(|span| span.number)),
                ReadStep::End(end) => records = Some(end.records),
                ReadStep::PassedOver(_) | ReadStep::Failed(_) => {}
            }
        }
        (numbers, records)
    }

    #[test]
    fn a_shard_does_not_read_what_the_others_read() {
        let directory = tempfile::tempdir().unwrap();
        let [path, kept] = ["users.json", "starts"].map(|name| directory.path().join(name));
        let records: Vec<String> = (1..=5_300).map(|number| format!("{{\"id\":\"user_{number:06}\"}}")).collect();
        std::fs::write(&path, format!("[{}]", records.join(",\n"))).unwrap();
        let noted = Arc::new(NotedStarts::default());
        let all = read(&path, None, ShardBlocks::Note(Arc::clone(&noted)));
        assert_eq!((all.0.len(), all.1), (5_300, Some(5_300)));
        let sum = noted.write(create_private(&kept).unwrap()).unwrap().unwrap();
        let starts = BlockStarts::open(&kept, sum).unwrap().map(Arc::new).unwrap();
        // Nobody who reads the blocks of the second and the third shard comes to their ends. All else is where it was.
        let text = std::fs::read_to_string(&path).unwrap();
        let damaged = ["user_001700", "user_004500"].iter().fold(text, |text, id| text.replace(id, "\"]}]\\]}]]]]"));
        std::fs::write(&path, damaged).unwrap();
        let ours: Vec<u64> = (1..=1_000).chain(3_001..=4_000).collect();
        let (numbers, end) = read(&path, Some("1/3"), ShardBlocks::PassOver(starts));
        assert!(numbers == ours && end == Some(5_300), "{end:?}");
        assert_eq!(read(&path, Some("1/3"), ShardBlocks::Unknown).1, None, "the damage is there");
    }
}
