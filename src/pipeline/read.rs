//! The reader: a thread of its own, because reading blocks.

use std::ops::Range;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::block_starts::Blocks;
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
    /// What is done about the blocks of shards.
    pub blocks: Blocks,
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
pub(super) fn start(
    mut reading: ReadJob,
    stop: CancellationToken,
    hand_on: impl Fn(ReadStep) -> bool + Send + 'static,
) {
    let mut recognizer = reading.recognizer.take();
    let reader = Reader { reading, stop, hand_on };
    let runtime = Handle::current();
    std::thread::spawn(move || {
        // Objects are fetched by the runtime.
        let _entered = runtime.enter();
        let ReadJob { inputs, inputs_of_step, .. } = &reader.reading;
        for (index, input) in (0..).zip(inputs).skip(inputs_of_step.start).take(inputs_of_step.len()) {
            let last = match reader.read(index, input, recognizer.as_mut()) {
                Ok(Some(end)) => ReadStep::End(end),
                Ok(None) => return,
                Err(error) => ReadStep::Failed(error),
            };
            let failed = matches!(last, ReadStep::Failed(_));
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

impl<H: Fn(ReadStep) -> bool> Reader<H> {
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
            let pass_over = |chunk| goes_on(ReadStep::PassedOver(Box::new(chunk)));
            if let Some(point) = passed_over.as_ref().and_then(|over| over.stretch((index, input), &reader, pass_over))
            {
                reader = RecordReader::resume(input, *limits, point, &watch)?;
            }
            if let Some(point) = self.behind_others(index, input, &reader) {
                reader = RecordReader::resume(input, *limits, point, &watch)?.of_shard(*shard);
            }
            let Some(chunk) = reader.next_chunk()? else { break };
            if let Blocks::Note(starts) = &self.reading.blocks {
                starts.note(index, &chunk.spans);
            }
            let of_chunk = recognizer.as_mut().map(|recognizer| recognizer.recognize(&chunk)).unwrap_or_default();
            if !goes_on(ReadStep::Chunk(index, Arc::new(chunk), of_chunk)) {
                return Ok(None);
            }
        }
        let (records, consumed, skipped) = (reader.records(), Some(reader.consumed()), reader.skipped());
        Ok(Some(InputEnd { input: index, records, consumed, skipped }))
    }

    /// Where the next records of our shard are, if a reader stands before records of others and can go there at once.
    fn behind_others(&self, index: u16, input: &Input, reader: &RecordReader) -> Option<ResumePoint> {
        let (Blocks::PassOver(starts), Some(shard)) = (&self.reading.blocks, self.reading.shard) else { return None };
        if !matches!(input, Input::File(_)) || !reader.can_begin_anywhere() {
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
    use std::sync::mpsc;

    use super::*;
    use crate::files::create_private;
    use crate::pipeline::block_starts::{BlockStarts, NotedStarts};

    /// The numbers of the records that come of a file, and how many there are in it; nothing if it cannot be read.
    async fn read(path: &std::path::Path, shard: Option<&str>, blocks: Blocks) -> (Vec<u64>, Option<u64>) {
        let (sender, inbox) = mpsc::channel();
        let reading = ReadJob {
            inputs: vec![Input::from_argument(path)],
            inputs_of_step: 0..1,
            limits: ReaderLimits { chunk_bytes: 4096, ..ReaderLimits::default() },
            columns: vec![&[]],
            shard: shard.map(|shard| shard.parse().unwrap()),
            watch: Watch::Nothing,
            blocks,
            progress: Arc::new(Progress::new(1)),
            recognizer: None,
            passed_over: None,
        };
        start(reading, CancellationToken::new(), move |read| sender.send(read).is_ok());
        let collect = move || {
            let (mut numbers, mut records) = (Vec::new(), None);
            for read in inbox {
                match read {
                    ReadStep::Chunk(_, chunk, _) => numbers.extend(chunk.spans.iter().map(|span| span.number)),
                    ReadStep::End(end) => records = Some(end.records),
                    ReadStep::PassedOver(_) | ReadStep::Failed(_) => {}
                }
            }
            (numbers, records)
        };
        tokio::task::spawn_blocking(collect).await.unwrap()
    }

    #[tokio::test]
    async fn a_shard_does_not_read_what_the_others_read() {
        let directory = tempfile::tempdir().unwrap();
        let [path, kept] = ["users.json", "starts"].map(|name| directory.path().join(name));
        let records: Vec<String> = (1..=5_300).map(|number| format!("{{\"id\":\"user_{number:06}\"}}")).collect();
        std::fs::write(&path, format!("[{}]", records.join(",\n"))).unwrap();
        let noted = Arc::new(NotedStarts::default());
        let all = read(&path, None, Blocks::Note(Arc::clone(&noted))).await;
        assert_eq!((all.0.len(), all.1), (5_300, Some(5_300)));
        let sum = noted.write(create_private(&kept).unwrap()).unwrap().unwrap();
        let starts = BlockStarts::open(&kept, sum).unwrap().map(Arc::new).unwrap();
        // Nobody who reads the blocks of the second and the third shard comes to their ends. All else is where it was.
        let text = std::fs::read_to_string(&path).unwrap();
        let damaged = ["user_001700", "user_004500"].iter().fold(text, |text, id| text.replace(id, "\"]}]\\]}]]]]"));
        std::fs::write(&path, damaged).unwrap();
        let ours: Vec<u64> = (1..=1_000).chain(3_001..=4_000).collect();
        let (numbers, end) = read(&path, Some("1/3"), Blocks::PassOver(starts)).await;
        assert!(numbers == ours && end == Some(5_300), "{end:?}");
        assert_eq!(read(&path, Some("1/3"), Blocks::Unknown).await.1, None, "the damage is there");
    }
}
