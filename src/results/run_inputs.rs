//! The inputs of a run, read once more from their beginning to their end.

use std::sync::Arc;

use crate::journal::{FirstPassRecord, InputRecord, RecordKey, RunDirectory, RunRecord};
use crate::source::{
    Input, KnownInputs, RawRecord, ReaderLimits, RecordChunk, RecordReader, Shard, SourceError, Watch,
};

/// The inputs of a run, and how they were read.
#[derive(Debug)]
pub struct RunInputs {
    /// The inputs, in order; or why one of them cannot be read as it was.
    inputs: Vec<Result<Input, String>>,
    limits: ReaderLimits,
    shard: Option<Shard>,
    /// What their bytes have to be.
    watch: Watch,
}

impl RunInputs {
    /// Looks at the inputs of a run as they are now. Each is held to the bytes that the run saw first, block by block. Of a run
    /// that knows them only at a glance, that has to do. Blocks.
    pub fn look(
        directory: &RunDirectory,
        record: &RunRecord,
        inputs: &[Input],
        (limits, shard): (ReaderLimits, Option<Shard>),
    ) -> Self {
        let first = FirstPassRecord::read(directory).ok().flatten();
        let known = first.and_then(|first| KnownInputs::open(first.inputs, &directory.block_hashes()).ok());
        let watch = known.map_or(Watch::Nothing, |known| Watch::Hold(Arc::new(known)));
        let inputs = inputs.iter().zip(&record.inputs).map(|(input, was)| look(input, was)).collect();
        Self { inputs, limits, shard, watch }
    }
}

fn look(input: &Input, was: &InputRecord) -> Result<Input, String> {
    let name = input.name();
    let Some(fingerprint) = &was.fingerprint else {
        return Err(format!("`{name}` was standard input or a pipe, which can be read only once"));
    };
    match InputRecord::of(input, was.kind) {
        Err(error) => Err(format!("`{name}` cannot be read ({error})")),
        Ok(InputRecord { fingerprint: Some(is), .. }) if is.is_same_content(fingerprint) => Ok(input.clone()),
        Ok(_) => Err(is_changed(&name)),
    }
}

fn is_changed(name: &str) -> String {
    format!("`{name}` is not what it was when the run read it")
}

/// Goes through the inputs of a run along with its journal.
pub(super) struct InputCursor<'r> {
    inputs: &'r RunInputs,
    /// The input that is being read.
    current: Option<u16>,
    reader: Option<RecordReader>,
    chunk: Option<RecordChunk>,
    /// The first record of the chunk that is still to come.
    next: usize,
    /// Why inputs cannot be read, or not any further; each in a sentence without its end.
    pub missing: Vec<String>,
}

impl<'r> InputCursor<'r> {
    pub(super) fn new(inputs: &'r RunInputs) -> Self {
        Self { inputs, current: None, reader: None, chunk: None, next: 0, missing: Vec::new() }
    }

    /// Goes on to a record behind the last one that was asked for, and shows it; `None` if it cannot be had. Blocks.
    pub(super) fn find<T>(&mut self, key: RecordKey, show: impl FnOnce(RawRecord<'_>) -> T) -> Option<T> {
        if self.current != Some(key.input) {
            self.current = Some(key.input);
            (self.reader, self.chunk, self.next) = (None, None, 0);
            match self.open(key.input) {
                Ok(reader) => self.reader = Some(reader),
                Err(problem) => self.missing.push(problem),
            }
        }
        loop {
            if let Some(chunk) = &self.chunk {
                let ahead = chunk.spans.get(self.next..).unwrap_or_default();
                let place = self.next + ahead.partition_point(|span| span.number < key.number);
                self.next = place;
                if let Some(span) = chunk.spans.get(place) {
                    return (span.number == key.number).then(|| show(RawRecord::new(chunk, span)));
                }
            }
            (self.chunk, self.next) = (None, 0);
            match self.reader.as_mut()?.next_chunk() {
                Ok(Some(chunk)) => self.chunk = Some(chunk),
                Ok(None) => self.reader = None,
                Err(error) => {
                    self.missing.push(sentence(&error));
                    self.reader = None;
                }
            }
        }
    }

    fn open(&self, index: u16) -> Result<RecordReader, String> {
        let RunInputs { inputs, limits, shard, watch } = self.inputs;
        let input = match inputs.get(usize::from(index)) {
            Some(Ok(input)) => input,
            Some(Err(problem)) => return Err(problem.clone()),
            None => return Err("an input of the run is not known".to_owned()),
        };
        let reader = RecordReader::open_watched(input, *limits, &watch.of(index)).map_err(|error| sentence(&error))?;
        Ok(reader.of_shard(*shard))
    }
}

fn sentence(error: &SourceError) -> String {
    match error {
        SourceError::Changed { input, .. } => is_changed(input),
        error => error.to_string(),
    }
}
