//! The mappers: threads that read chunks in turn, map what was read, and hand it on in the order of the input.
//!
//! They are threads of their own because they keep the cores busy, wait for inputs, and look things up on disk. While one reads, the
//! others map. One chunk is read ahead: a mapper that becomes free while another one reads takes it. If nobody did, the one that
//! reads maps it when it has read the next one. Order costs nothing as long as chunks are alike in size, and one number then
//! says what was done: how far into the input everything is settled.

use std::mem::replace;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use futures::Stream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::chunk_reader::ReadStep;
use super::in_order::{QueuedStep, in_order};
use super::map_context::MapContext;
use super::mapped_chunk::MappedChunk;
use super::turn::{Task, Turn};
use crate::ignore::ignore;
use crate::outcomes::event::Event;

/// How many mappers there are. Even where one keeps the only core busy, another one maps while it waits for a disk or a pipe.
///
/// With one more than there are cores, one that is woken takes the core of one that maps. On two cores, a dry run by two takes 0.93
/// of the time that one by three takes, and no more out of a pipe or from a cold disk.
fn mappers(workers: usize) -> usize {
    workers.max(2)
}

/// Chunks that may be in the queue, mapped or not: one for each core, the one that is read ahead, and one that waits to be packed.
pub(super) const fn queue_length(workers: usize) -> usize {
    workers + 2
}

/// What mappers share.
struct Shared<R> {
    /// Where what was read has its place. It ends when the last mapper has ended.
    queue: mpsc::Sender<QueuedStep>,
    state: Mutex<State<R>>,
    /// Somebody can go on: there is something to map, the turn is free, or all is over.
    changed: Condvar,
}

struct State<R> {
    reading: Reading<R>,
    /// What was read and nobody maps yet.
    ahead: Option<Task>,
}

/// Who reads.
enum Reading<R> {
    /// The next mapper that is free: it takes the turn.
    Free(Turn<R>),
    /// The mapper that has taken the turn.
    Taken,
    /// Nobody any more: all was read, or reading panicked.
    Over,
}

impl<R> Reading<R> {
    fn take_turn(&mut self) -> Option<Turn<R>> {
        match replace(self, Self::Taken) {
            Self::Free(turn) => Some(turn),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl<R: Iterator<Item = ReadStep>> Shared<R> {
    fn new(reader: R, queue: mpsc::Sender<QueuedStep>) -> Self {
        let state = State { reading: Reading::Free(Turn(reader)), ahead: None };
        Self { queue, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The next chunk to map. A mapper that finds the turn free reads a chunk, and gets the one that was read before it; if there is
    /// none, it goes on reading. Meanwhile the others can take what it read, so that none of it waits for a slow input.
    fn next(&self, context: &MapContext) -> Option<Task> {
        let mut state = self.state.lock().ok()?;
        loop {
            // Behind a full queue there would be no room for what is read, so what is ahead is mapped first.
            let may_read = state.ahead.is_none() || self.queue.capacity() > 0;
            if may_read && let Some(mut turn) = state.reading.take_turn() {
                drop(state);
                let or_over = OverAfterPanic(self);
                let read = turn.next(&self.queue, context);
                // It takes the lock itself.
                drop(or_over);
                state = self.state.lock().ok()?;
                let before = if let Some(task) = read {
                    state.reading = Reading::Free(turn);
                    state.ahead.replace(task)
                } else {
                    state.reading = Reading::Over;
                    None
                };
                self.changed.notify_all();
                if before.is_some() {
                    return before;
                }
            } else if state.ahead.is_some() || matches!(state.reading, Reading::Over) {
                return state.ahead.take();
            } else {
                state = self.changed.wait(state).ok()?;
            }
        }
    }
}

/// If a mapper panics while it has the turn, there is nothing to go on with for the others. What was not read must not be taken for
/// read: a chunk that nobody maps stands in its place.
struct OverAfterPanic<'s, R>(&'s Shared<R>);

impl<R> Drop for OverAfterPanic<'_, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lost = QueuedStep::Chunk(oneshot::channel().1);
            ignore(self.0.queue.blocking_send(lost), "the run was stopped, and nobody waits for more");
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner).reading = Reading::Over;
            self.0.changed.notify_all();
        }
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
    let (shared, context) = (Arc::new(Shared::new(reader, queue)), Arc::new(context));
    for _ in 0..mappers(workers) {
        let (shared, context, runtime) = (Arc::clone(&shared), Arc::clone(&context), Handle::current());
        std::thread::spawn(move || {
            // Objects are fetched by the runtime.
            let _entered = runtime.enter();
            while let Some(task) = shared.next(&context) {
                task.run(&context);
            }
            // The context first: when the queue ends, the consumer takes what the mappers collected out of the `Arc`.
            drop(context);
            drop(shared);
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
    use crate::outcomes::StopReason;
    use crate::pipeline::duplicates::DuplicateCheck;
    use crate::pipeline::unchanged::Unchanged;
    use crate::selection::RecordsOfRun;
    use crate::source::RecordChunk;

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
        // What one mapper does while another one finds the end is different each time.
        for _ in 0..100 {
            let (events, _inbox) = mpsc::channel(8);
            let context = context();
            let progress = Arc::clone(&context.progress);
            let reader = (0..100).map(|index| ReadStep::Chunk(0, chunk(index), Vec::new()));
            let out = start(2, reader, context, events, CancellationToken::new());
            let out: Vec<u64> = out.map(|chunk| chunk.counts.consumed).collect().await;
            assert!(Arc::into_inner(progress).is_some());
            assert!(out.into_iter().eq(0..100));
        }
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
    async fn a_chunk_is_mapped_while_the_input_behind_it_is_waited_for() {
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let (events, _inbox) = mpsc::channel(8);
        let reader = (1..=3).map(move |number| {
            if number > 1 {
                assert!(waits.recv().is_ok(), "the test goes on");
            }
            ReadStep::Chunk(0, chunk(number), Vec::new())
        });
        let mut out = std::pin::pin!(start(1, reader, context(), events, CancellationToken::new()));
        for number in 1..=3 {
            assert_eq!(out.next().await.map(|chunk| chunk.counts.consumed), Some(number));
            if number < 3 {
                go_on.send(()).unwrap();
            }
        }
        assert!(out.next().await.is_none());
    }

    #[tokio::test]
    async fn the_queue_ends_with_an_error_when_reading_fails_in_our_code() {
        let mut left = 2;
        let reader = std::iter::from_fn(move || {
            left -= 1;
            assert!(left > 0, "reading panics");
            Some(ReadStep::Chunk(0, chunk(1), Vec::new()))
        });
        let (events, mut inbox) = mpsc::channel(8);
        let context = context();
        let progress = Arc::clone(&context.progress);
        let out = start(2, reader, context, events, CancellationToken::new());
        assert_eq!(out.count().await, 1);
        let reported = inbox.recv().await;
        assert!(matches!(reported, Some(Event::Stopped(StopReason::Internal(_)))), "{reported:?}");
        // The others end as well: nobody has the context any more.
        while Arc::strong_count(&progress) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
