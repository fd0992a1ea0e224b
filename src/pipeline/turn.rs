//! Whose turn it is to read: what that mapper has, and does.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::chunk_reader::ReadStep;
use super::in_order::QueuedStep;
use super::map::map_chunk;
use super::map_context::MapContext;
use super::map_failure::MapFailure;
use super::mapped_chunk::MappedChunk;
use crate::ignore::ignore;
use crate::recognition::Recognized;
use crate::source::RecordChunk;

/// A chunk to be mapped.
pub(super) struct Task {
    input: u16,
    chunk: Arc<RecordChunk>,
    /// Which of its records were recognized by their bytes.
    recognized: Vec<Option<Recognized>>,
    mapped: oneshot::Sender<Result<MappedChunk, MapFailure>>,
}

impl Task {
    /// Whether all of its records were recognized: then there is little left to do.
    fn is_recognized(&self) -> bool {
        !self.recognized.is_empty() && self.recognized.iter().all(Option::is_some)
    }

    /// Maps it, and hands on what came out.
    pub(super) fn run(self, context: &MapContext) {
        let Self { input, chunk, recognized, mapped } = self;
        let result = map_chunk(input, chunk, &recognized, context);
        ignore(mapped.send(result), "the run was stopped, and nobody waits for the chunk");
    }
}

/// What a mapper has while it is its turn: it alone reads, and puts what it read in the queue.
pub(super) struct Turn<R>(pub R);

impl<R: Iterator<Item = ReadStep>> Turn<R> {
    /// Reads until there is a chunk to map, whose place in the queue is taken then. It waits until there is room for it. `None` when
    /// everything was read, or nobody listens any more.
    ///
    /// A chunk with little to do is mapped at once: if the turn went from one mapper to the other for it, that would take longer.
    pub(super) fn next(&mut self, queue: &mpsc::Sender<QueuedStep>, context: &MapContext) -> Option<Task> {
        while !queue.is_closed() {
            let step = match self.0.next()? {
                ReadStep::Chunk(input, chunk, recognized) => {
                    let (sender, mapped) = oneshot::channel();
                    let task = Task { input, chunk, recognized, mapped: sender };
                    if !task.is_recognized() {
                        queue.blocking_send(QueuedStep::Chunk(mapped)).ok()?;
                        return Some(task);
                    }
                    task.run(context);
                    QueuedStep::Chunk(mapped)
                }
                ReadStep::PassedOver(chunk) => QueuedStep::Mapped(chunk),
                ReadStep::End(end) => QueuedStep::End(end),
                ReadStep::Failed(error) => QueuedStep::Failed(error),
            };
            queue.blocking_send(step).ok()?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::mappers::tests::{chunk, context};

    #[test]
    fn who_has_the_turn_keeps_it_for_chunks_that_were_recognized_as_a_whole() {
        let (known, unknown) = (Some(Recognized::some()), None);
        let steps = [vec![known], vec![known, known], vec![known, unknown], vec![known]];
        let reader = (1..).zip(steps).map(|(index, recognized)| ReadStep::Chunk(0, chunk(index), recognized));
        let (queue, mut queued) = mpsc::channel(8);
        let mut turn = Turn(reader);
        assert_eq!(turn.next(&queue, &context()).map(|task| task.chunk.consumed), Some(3));
        let mut is_mapped = || match queued.try_recv() {
            Ok(QueuedStep::Chunk(mut mapped)) => Some(mapped.try_recv().is_ok()),
            _ => None,
        };
        assert_eq!([(); 4].map(|()| is_mapped()), [Some(true), Some(true), Some(false), None]);
    }
}
