//! The mappers: threads that take chunks from the reader and hand them on mapped, in the order of the input.
//!
//! They are threads of their own because they keep the cores busy and look things up on disk, and because a chunk then goes
//! from the reader to a mapper and from there to the batcher, without a detour through the runtime. Order costs nothing as
//! long as chunks are alike in size, and what was done can then be told by one number: how far into the input everything is
//! settled.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc as blocking};

use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};

use super::event::{Event, StopReason};
use super::map::{MappedChunk, Mapping, map_chunk};
use super::read::{InputEnd, Read};
use super::tell;
use crate::source::{RecordChunk, SourceError};

/// Chunks that may be in line, mapped or not: as many again as there are mappers, so that a slow one at the head does not
/// keep the others waiting.
pub(super) const fn in_line(workers: usize) -> usize {
    2 * workers
}

/// A chunk to be mapped.
struct Task {
    input: u16,
    chunk: Arc<RecordChunk>,
    mapping: Arc<Mapping>,
    mapped: oneshot::Sender<io::Result<MappedChunk>>,
}

impl Task {
    fn run(self) {
        let Self { input, chunk, mapping, mapped } = self;
        let result = map_chunk(input, chunk, &mapping);
        // Whoever has the last chunk may ask for what the mapping collected.
        drop(mapping);
        drop(mapped.send(result));
    }
}

/// What stands in line.
enum Step {
    Chunk(oneshot::Receiver<io::Result<MappedChunk>>),
    End(InputEnd),
    Failed(SourceError),
}

/// Where the reader puts what it read.
pub(super) struct Feed {
    /// Dropped before the line, whose end says that the mapping is not used any more.
    mapping: Arc<Mapping>,
    tasks: blocking::Sender<Task>,
    line: mpsc::Sender<Step>,
}

impl Feed {
    /// Puts it in line, waiting for room, and has it mapped; `false` if nobody listens any more.
    pub(super) fn put(&self, read: Read) -> bool {
        let (step, task) = match read {
            Read::Chunk(input, chunk) => {
                let (sender, mapped) = oneshot::channel();
                let task = Task { input, chunk, mapping: Arc::clone(&self.mapping), mapped: sender };
                (Step::Chunk(mapped), Some(task))
            }
            Read::End(end) => (Step::End(end), None),
            Read::Failed(error) => (Step::Failed(error), None),
        };
        self.line.blocking_send(step).is_ok() && task.is_none_or(|task| self.tasks.send(task).is_ok())
    }
}

/// Starts mappers, which end with the feed. Ends and errors are told to the committer behind the chunks before them.
pub(super) fn start(
    workers: usize,
    mapping: Mapping,
    events: mpsc::Sender<Event>,
) -> (Feed, impl Stream<Item = MappedChunk> + use<>) {
    let (tasks, queue) = blocking::channel::<Task>();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..workers {
        let queue = Arc::clone(&queue);
        std::thread::spawn(move || {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            while let Ok(task) = next() {
                task.run();
            }
        });
    }
    let (line, steps) = mpsc::channel(in_line(workers));
    let mapped = super::stream(steps).filter_map(move |step| {
        let events = events.clone();
        async move {
            let event = match step {
                Step::Chunk(mapped) => match mapped.await {
                    Ok(Ok(mapped)) => return Some(mapped),
                    Ok(Err(error)) => Event::Stopped(StopReason::Temporary(error)),
                    Err(_) => Event::Stopped(StopReason::Internal("a mapper failed".to_owned())),
                },
                Step::End(end) => Event::Read(end),
                Step::Failed(error) => Event::Stopped(StopReason::Source(error)),
            };
            tell(&events, event).await;
            None
        }
    });
    (Feed { mapping: Arc::new(mapping), tasks, line }, mapped)
}
