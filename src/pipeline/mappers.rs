//! The mappers: threads that read chunks in turn, map what they have read, and hand it on in the order of the input.
//!
//! They are threads of their own because they keep the cores busy, wait for inputs, and look things up on disk. While one reads, the
//! others map. No chunk goes from one thread to another before it is mapped: nobody has to be woken for it, and its bytes are still
//! in the cache of the core that read them. Order costs nothing as long as chunks are alike in size, and one number then says
//! what was done: how far into the input everything is settled.

use std::sync::{Arc, Mutex};

use futures::Stream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::chunk_reader::ReadStep;
use super::in_order::{QueuedStep, in_order};
use super::map::map_chunk;
use super::map_context::MapContext;
use super::map_failure::MapFailure;
use super::mapped_chunk::MappedChunk;
use crate::ignore::ignore;
use crate::outcomes::event::Event;
use crate::recognition::Recognized;
use crate::source::RecordChunk;

/// How many mappers there are. Even where one keeps the only core busy, another one maps while it waits for a disk or a pipe.
///
/// One more than there are cores would be woken at the cost of one that maps: a dry run by two takes 0.93 of the time that one by
/// three takes on two cores, and no more out of a pipe or from a cold disk, which both fill what is read next meanwhile.
fn mappers(workers: usize) -> usize {
    workers.max(2)
}

/// Chunks that may be in the queue, mapped or not: one for each mapper, and one that waits to be packed.
pub(super) const fn queue_length(workers: usize) -> usize {
    workers + 1
}

/// A chunk to be mapped.
struct Task {
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

    fn run(self, context: &MapContext) {
        let Self { input, chunk, recognized, mapped } = self;
        let result = map_chunk(input, chunk, &recognized, context);
        ignore(mapped.send(result), "the run was stopped, and nobody waits for the chunk");
    }
}

/// What a mapper holds while it has the turn: it alone reads, and puts what it read in the queue.
struct Turn<R> {
    reader: R,
    queue: mpsc::Sender<QueuedStep>,
}

impl<R: Iterator<Item = ReadStep>> Turn<R> {
    /// Reads until there is a chunk to map, whose place in the queue is taken then. It waits until there is room for it. `None` when
    /// everything was read, or nobody listens any more.
    ///
    /// A chunk with little to do is mapped at once: if the turn went from one mapper to the other for it, that would take longer.
    fn next(&mut self, context: &MapContext) -> Option<Task> {
        while !self.queue.is_closed() {
            let step = match self.reader.next()? {
                ReadStep::Chunk(input, chunk, recognized) => {
                    let (sender, mapped) = oneshot::channel();
                    let task = Task { input, chunk, recognized, mapped: sender };
                    if !task.is_recognized() {
                        self.queue.blocking_send(QueuedStep::Chunk(mapped)).ok()?;
                        return Some(task);
                    }
                    task.run(context);
                    QueuedStep::Chunk(mapped)
                }
                ReadStep::PassedOver(chunk) => QueuedStep::Mapped(chunk),
                ReadStep::End(end) => QueuedStep::End(end),
                ReadStep::Failed(error) => QueuedStep::Failed(error),
            };
            self.queue.blocking_send(step).ok()?;
        }
        None
    }
}

/// Starts mappers, which end with what they read. Ends and errors are reported to the committer after the chunks before them. What
/// they have mapped is a stream, which `run.rs` gives to `fill::batches`.
///
/// They are never joined: blocked on standard input one could not be woken, and it holds nothing that matters.
pub(super) fn start<R: Iterator<Item = ReadStep> + Send + 'static>(
    workers: usize,
    reader: R,
    context: MapContext,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> impl Stream<Item = MappedChunk> + use<R> {
    let (queue, steps) = mpsc::channel(queue_length(workers));
    let (turn, context) = (Arc::new(Mutex::new(Turn { reader, queue })), Arc::new(context));
    for _ in 0..mappers(workers) {
        let (turn, context, runtime) = (Arc::clone(&turn), Arc::clone(&context), Handle::current());
        std::thread::spawn(move || {
            // Objects are fetched by the runtime.
            let _entered = runtime.enter();
            // If one panicked while it read, there is nothing to go on with.
            while let Some(task) = turn.lock().ok().and_then(|mut turn| turn.next(&context)) {
                task.run(&context);
            }
            // The context first: when the queue ends, the consumer takes what the mappers collected out of the `Arc`.
            drop(context);
            drop(turn);
        });
    }
    in_order(steps, events, stop)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;
    use std::sync::Weak;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use futures::StreamExt;

    use super::*;
    use crate::journal::Progress;
    use crate::mapping::{Rules, UserMapper};
    use crate::pipeline::duplicates::DuplicateCheck;
    use crate::pipeline::unchanged::Unchanged;
    use crate::selection::RecordsOfRun;

    pub(in crate::pipeline) fn context() -> MapContext {
        MapContext {
            mapper_of_input: vec![Arc::new(UserMapper::new(Rules::default(), Arc::new(crate::avnology::AvnologyForm)))],
            progress: Arc::new(Progress::new(1)),
            confirmed_lookup: None,
            unchanged: Unchanged::Unknown,
            ids: None,
            duplicates: DuplicateCheck::Off,
            encode: false,
            wants_ready: true,
            largest_request: 4 * 1024 * 1024,
            mark: None,
            preview: 0,
            forecast: false,
            records: RecordsOfRun::All,
            pieces: crate::delivery::Pieces::default(),
        }
    }

    pub(in crate::pipeline) fn chunk(consumed: u64) -> Arc<RecordChunk> {
        let (bytes, spans) = (Vec::new().into(), Vec::new());
        Arc::new(RecordChunk { input: "users.json".into(), bytes, base: 0, spans, header: None, consumed })
    }

    #[tokio::test]
    async fn the_context_is_free_when_the_queue_ends() {
        let (events, _inbox) = mpsc::channel(8);
        let context = context();
        let progress = Arc::clone(&context.progress);
        let reader = (0..100).map(|index| ReadStep::Chunk(0, chunk(index), Vec::new()));
        let out = start(2, reader, context, events, CancellationToken::new());
        let out: Vec<u64> = out.map(|chunk| chunk.counts.consumed).collect().await;
        assert!(Arc::into_inner(progress).is_some());
        assert!(out.into_iter().eq(0..100));
    }

    /// A reader that goes on until it is dropped, and how many chunks it has read.
    fn endless() -> (impl Iterator<Item = ReadStep> + Send, Weak<AtomicU64>) {
        let read = Arc::new(AtomicU64::new(0));
        let count = Arc::downgrade(&read);
        let next = move || ReadStep::Chunk(0, chunk(read.fetch_add(1, Ordering::SeqCst)), Vec::new());
        (std::iter::repeat_with(next), count)
    }

    #[tokio::test]
    async fn only_so_much_is_read_as_there_is_room_for_and_nothing_when_nobody_listens() {
        let (reader, count) = endless();
        let (events, _inbox) = mpsc::channel(8);
        let out = start(3, reader, context(), events, CancellationToken::new());
        let read = || count.upgrade().map_or(0, |read| read.load(Ordering::SeqCst));
        // One more, by the mapper who has the turn and waits for room.
        let most = queue_length(3) as u64 + 1;
        while read() < most {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(read(), most);
        drop(out);
        while count.upgrade().is_some() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn two_read_even_on_one_core() {
        let threads = Arc::new(Mutex::new(HashSet::new()));
        let seen = Arc::clone(&threads);
        let (reader, _count) = endless();
        let reader = reader.inspect(move |_| {
            seen.lock().unwrap().insert(std::thread::current().id());
        });
        let (events, _inbox) = mpsc::channel(8);
        let mut out = std::pin::pin!(start(1, reader, context(), events, CancellationToken::new()));
        while threads.lock().unwrap().len() < 2 {
            assert!(out.next().await.is_some());
        }
    }

    #[tokio::test]
    async fn the_queue_ends_when_reading_fails_in_our_code() {
        let mut left = 2;
        let reader = std::iter::from_fn(move || {
            left -= 1;
            assert!(left > 0, "reading panics");
            Some(ReadStep::Chunk(0, chunk(1), Vec::new()))
        });
        let (events, _inbox) = mpsc::channel(8);
        let out = start(2, reader, context(), events, CancellationToken::new());
        assert_eq!(out.count().await, 1);
    }

    #[test]
    fn who_has_the_turn_keeps_it_for_chunks_that_were_recognized_as_a_whole() {
        let (known, unknown) = (Some(Recognized::some()), None);
        let steps = [vec![known], vec![known, known], vec![known, unknown], vec![known]];
        let reader = (1..).zip(steps).map(|(index, recognized)| ReadStep::Chunk(0, chunk(index), recognized));
        let (queue, mut queued) = mpsc::channel(8);
        let mut turn = Turn { reader, queue };
        assert_eq!(turn.next(&context()).map(|task| task.chunk.consumed), Some(3));
        let mut is_mapped = || match queued.try_recv() {
            Ok(QueuedStep::Chunk(mut mapped)) => Some(mapped.try_recv().is_ok()),
            _ => None,
        };
        assert_eq!([(); 4].map(|()| is_mapped()), [Some(true), Some(true), Some(false), None]);
    }
}
