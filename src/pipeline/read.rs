//! The reader: a thread of its own, because reading blocks.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::source::{Input, ReaderLimits, RecordChunk, RecordReader, SourceError};

/// Chunks that may wait between the reader and the mappers.
const WAITING: usize = 2;

/// What the reader hands on.
#[derive(Debug)]
pub(super) enum Read {
    /// Records of the input with this index.
    Chunk(usize, Arc<RecordChunk>),
    /// The end of all reading.
    Failed(SourceError),
}

/// Starts reading. The thread ends with its inputs, at the first error, or when nobody listens any more.
///
/// It is never joined: blocked on standard input it could not be woken, and it holds nothing that matters.
pub(super) fn start(inputs: Vec<Input>, limits: ReaderLimits, stop: CancellationToken) -> mpsc::Receiver<Read> {
    let (chunks, receiver) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        for (index, input) in inputs.iter().enumerate() {
            if let Err(error) = read(index, input, limits, &stop, &chunks) {
                // Nobody listens when the run is over already.
                drop(chunks.blocking_send(Read::Failed(error)));
                return;
            }
        }
    });
    receiver
}

fn read(
    index: usize,
    input: &Input,
    limits: ReaderLimits,
    stop: &CancellationToken,
    chunks: &mpsc::Sender<Read>,
) -> Result<(), SourceError> {
    let mut reader = RecordReader::open(input, limits)?;
    tracing::debug!(input = %input.name(), format = ?reader.format(), "reading");
    while let Some(chunk) = reader.next_chunk()? {
        if stop.is_cancelled() || chunks.blocking_send(Read::Chunk(index, Arc::new(chunk))).is_err() {
            break;
        }
    }
    Ok(())
}
