//! The mappers: threads that take chunks from the reader and hand them on mapped, in the order of the input.
//!
//! They are threads of their own because they keep the cores busy and look things up on disk, and because a chunk then goes
//! from the reader to a mapper and from there to the batcher, without a detour through the runtime. Order costs nothing as
//! long as chunks are alike in size, and one number then says what was done: how far into the input everything is
//! settled.

use std::sync::{Arc, Mutex};

use futures::{Stream, stream};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::map::map_chunk;
use super::map_context::MapContext;
use super::map_failure::MapFailure;
use super::mapped_chunk::MappedChunk;
use super::read::ReadStep;
use crate::ignore::ignore;
use crate::outcomes::StopReason;
use crate::outcomes::booking::InputEnd;
use crate::outcomes::event::{Event, send_event};
use crate::recognition::Recognized;
use crate::source::{RecordChunk, SourceError};

/// Chunks that may be in the queue, mapped or not: twice as many as there are mappers, so that a slow one at the head does
/// not keep the others waiting.
pub(super) const fn queue_length(workers: usize) -> usize {
    2 * workers
}

/// What stands in the queue.
enum PendingStep {
    Chunk(oneshot::Receiver<Result<MappedChunk, MapFailure>>),
    /// A chunk of which nothing has to be waited for.
    Mapped(Box<MappedChunk>),
    End(InputEnd),
    Failed(SourceError),
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
        self.recognized.len() == self.chunk.spans.len() && self.recognized.iter().all(Option::is_some)
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
    pending: mpsc::Sender<PendingStep>,
}

impl<R: Iterator<Item = ReadStep>> Turn<R> {
    /// Reads until there is a chunk to map, whose place in the queue is taken then. It waits until there is room for it. `None` when
    /// everything was read, or nobody listens any more.
    ///
    /// A chunk with little to do is mapped at once: if the turn went from one mapper to the other for it, that would take longer.
    fn next(&mut self, context: &MapContext) -> Option<Task> {
        while !self.pending.is_closed() {
            let step = match self.reader.next()? {
                ReadStep::Chunk(input, chunk, recognized) => {
                    let (sender, mapped) = oneshot::channel();
                    let task = Task { input, chunk, recognized, mapped: sender };
                    if !task.is_recognized() {
                        self.pending.blocking_send(PendingStep::Chunk(mapped)).ok()?;
                        return Some(task);
                    }
                    task.run(context);
                    PendingStep::Chunk(mapped)
                }
                ReadStep::PassedOver(chunk) => PendingStep::Mapped(chunk),
                ReadStep::End(end) => PendingStep::End(end),
                ReadStep::Failed(error) => PendingStep::Failed(error),
            };
            self.pending.blocking_send(step).ok()?;
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
    let (pending, steps) = mpsc::channel(queue_length(workers));
    let (turn, context) = (Arc::new(Mutex::new(Turn { reader, pending })), Arc::new(context));
    for _ in 0..workers {
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

/// What was mapped, in the order of the input. It ends with the queue, or at a chunk that could not be mapped: if one behind
/// that came through and were settled, the place up to which everything is settled would move across the gap.
fn in_order(
    steps: mpsc::Receiver<PendingStep>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> impl Stream<Item = MappedChunk> + use<> {
    stream::unfold((steps, events, stop), async |(mut steps, events, stop)| {
        loop {
            let reason = match steps.recv().await? {
                PendingStep::Chunk(mapped) => match mapped.await {
                    Ok(Ok(mapped)) => return Some((mapped, (steps, events, stop))),
                    Ok(Err(failure)) => failure.into(),
                    Err(_) => StopReason::Internal("a mapper failed".to_owned()),
                },
                PendingStep::Mapped(chunk) => return Some((*chunk, (steps, events, stop))),
                PendingStep::End(end) => {
                    send_event(&events, Event::InputEnded(end)).await;
                    continue;
                }
                // The last thing in the queue.
                PendingStep::Failed(error) => {
                    send_event(&events, Event::Stopped(StopReason::Source(error))).await;
                    continue;
                }
            };
            // Report the reason before cancelling: cancelling ends the consumer of this stream.
            send_event(&events, Event::Stopped(reason)).await;
            stop.cancel();
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use futures::StreamExt;

    use super::*;
    use crate::journal::Progress;
    use crate::mapping::{Rules, UserMapper};
    use crate::pipeline::duplicates::DuplicateCheck;
    use crate::pipeline::unchanged::Unchanged;
    use crate::selection::RecordsOfRun;
    use crate::source::SkippedRows;

    fn context() -> MapContext {
        MapContext {
            mappers: vec![Arc::new(UserMapper::new(Rules::default(), Arc::new(crate::avnology::AvnologyForm)))],
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
            foresee: false,
            records: RecordsOfRun::All,
            pieces: crate::delivery::Pieces::default(),
        }
    }

    fn chunk(consumed: u64) -> Arc<RecordChunk> {
        let (bytes, spans) = (Vec::new().into(), Vec::new());
        Arc::new(RecordChunk { input: "users.json".into(), bytes, base: 0, spans, header: None, consumed })
    }

    fn mapped(consumed: u64) -> Result<MappedChunk, MapFailure> {
        map_chunk(0, chunk(consumed), &[], &context())
    }

    /// A chunk in the queue that becomes this; nothing if its mapper fails.
    fn chunk_step(result: Option<Result<MappedChunk, MapFailure>>) -> PendingStep {
        let (sender, receiver) = oneshot::channel();
        if let Some(result) = result {
            assert!(sender.send(result).is_ok());
        }
        PendingStep::Chunk(receiver)
    }

    /// What comes out of the queue, by what is behind each chunk, what is reported, and whether the run was stopped.
    async fn comes_out(steps: Vec<PendingStep>) -> (Vec<u64>, Vec<String>, bool) {
        let (pending, waiting) = mpsc::channel(steps.len());
        for step in steps {
            assert!(pending.try_send(step).is_ok());
        }
        drop(pending);
        // The committer is busy: what is reported has to wait.
        let (events, mut inbox) = mpsc::channel(1);
        assert!(events.try_send(Event::Requested { again: false, throttled: false }).is_ok());
        let stop = CancellationToken::new();
        let out = in_order(waiting, events, stop.clone()).take_until(stop.clone().cancelled_owned());
        let all = tokio::spawn(out.map(|chunk| chunk.counts.consumed).collect());
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut reported = Vec::new();
        while let Some(event) = inbox.recv().await {
            match event {
                Event::InputEnded(end) => reported.push(format!("{} records", end.records)),
                Event::Stopped(reason) => reported.push(reason.to_string()),
                _ => {}
            }
        }
        (all.await.unwrap_or_default(), reported, stop.is_cancelled())
    }

    const END: PendingStep = PendingStep::End(InputEnd {
        input: 0,
        records: 9,
        consumed: None,
        skipped: SkippedRows { empty: 0, headers: 0 },
    });

    #[tokio::test(start_paused = true)]
    async fn what_comes_out_is_reported_in_its_order() {
        let steps = vec![chunk_step(Some(mapped(1))), chunk_step(Some(mapped(2))), END];
        assert_eq!(comes_out(steps).await, (vec![1, 2], vec!["9 records".to_owned()], false));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_comes_out_behind_a_chunk_that_could_not_be_mapped() {
        for (lost, reason) in [
            (Some(Err(io::Error::other("the disk is gone").into())), "the disk is gone"),
            (Some(Err(MapFailure::IdMap(io::Error::other("it is gone")))), "second identity"),
            (None, "internal error: a mapper failed"),
        ] {
            let steps = vec![chunk_step(Some(mapped(1))), chunk_step(lost), chunk_step(Some(mapped(3))), END];
            let (out, reported, stopped) = comes_out(steps).await;
            assert!(out == [1] && stopped, "{out:?}");
            assert!(reported.len() == 1 && reported[0].contains(reason), "{reported:?}");
        }
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
}
