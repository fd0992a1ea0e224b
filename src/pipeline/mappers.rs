//! The mappers: threads that take chunks from the reader and hand them on mapped, in the order of the input.
//!
//! They are threads of their own because they keep the cores busy and look things up on disk, and because a chunk then goes
//! from the reader to a mapper and from there to the batcher, without a detour through the runtime. Order costs nothing as
//! long as chunks are alike in size, and what was done can then be told by one number: how far into the input everything is
//! settled.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc as blocking};

use futures::{Stream, stream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::map::{MappedChunk, Mapping, map_chunk};
use super::read::Read;
use crate::account::StopReason;
use crate::account::booking::InputEnd;
use crate::account::event::{Event, tell};
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
    stop: CancellationToken,
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
    (Feed { mapping: Arc::new(mapping), tasks, line }, in_order(steps, events, stop))
}

/// What was mapped, in the order of the input. It ends with the line, or at a chunk that could not be mapped: if one behind
/// that came through and were settled, the place up to which everything is settled would move across the gap.
fn in_order(
    steps: mpsc::Receiver<Step>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> impl Stream<Item = MappedChunk> + use<> {
    stream::unfold((steps, events, stop), async |(mut steps, events, stop)| {
        loop {
            let reason = match steps.recv().await? {
                Step::Chunk(mapped) => match mapped.await {
                    Ok(Ok(mapped)) => return Some((mapped, (steps, events, stop))),
                    Ok(Err(error)) => StopReason::Temporary(error),
                    Err(_) => StopReason::Internal("a mapper failed".to_owned()),
                },
                Step::End(end) => {
                    tell(&events, Event::Read(end)).await;
                    continue;
                }
                // The last thing in line.
                Step::Failed(error) => {
                    tell(&events, Event::Stopped(StopReason::Source(error))).await;
                    continue;
                }
            };
            // Whoever takes this in ends with the stop, so it is told of first.
            tell(&events, Event::Stopped(reason)).await;
            stop.cancel();
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt;

    use super::*;
    use crate::journal::Progress;
    use crate::mapping::Rules;
    use crate::pipeline::DuplicateCheck;
    use crate::pipeline::map::Mapping;
    use crate::source::SkippedRows;

    fn mapping() -> Mapping {
        Mapping {
            rules: Arc::new(Rules::default()),
            passwords: None,
            progress: Arc::new(Progress::new(1)),
            known: None,
            duplicates: DuplicateCheck::Off,
            encode: false,
            mark: None,
            preview: 0,
            shard: None,
        }
    }

    fn chunk(consumed: u64) -> Arc<RecordChunk> {
        let (bytes, spans) = (Vec::new().into(), Vec::new());
        Arc::new(RecordChunk { input: "users.json".into(), bytes, base: 0, spans, header: None, consumed })
    }

    fn mapped(consumed: u64) -> io::Result<MappedChunk> {
        map_chunk(0, chunk(consumed), &mapping())
    }

    /// A chunk in line that becomes this; nothing if its mapper goes under.
    fn in_line(result: Option<io::Result<MappedChunk>>) -> Step {
        let (sender, receiver) = oneshot::channel();
        if let Some(result) = result {
            assert!(sender.send(result).is_ok());
        }
        Step::Chunk(receiver)
    }

    /// What comes out of the line, by what is behind each chunk, what is told, and whether the run was stopped.
    async fn comes_out(steps: Vec<Step>) -> (Vec<u64>, Vec<String>, bool) {
        let (line, waiting) = mpsc::channel(steps.len());
        for step in steps {
            assert!(line.try_send(step).is_ok());
        }
        drop(line);
        // The committer is busy: what is told has to wait.
        let (events, mut inbox) = mpsc::channel(1);
        assert!(events.try_send(Event::Requested { again: false, throttled: false }).is_ok());
        let stop = CancellationToken::new();
        let out = in_order(waiting, events, stop.clone()).take_until(stop.clone().cancelled_owned());
        let all = tokio::spawn(out.map(|chunk| chunk.counts.consumed).collect());
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut told = Vec::new();
        while let Some(event) = inbox.recv().await {
            match event {
                Event::Read(end) => told.push(format!("{} records", end.records)),
                Event::Stopped(reason) => told.push(reason.to_string()),
                _ => {}
            }
        }
        (all.await.unwrap_or_default(), told, stop.is_cancelled())
    }

    const END: Step =
        Step::End(InputEnd { input: 0, records: 9, consumed: None, skipped: SkippedRows { empty: 0, headers: 0 } });

    #[tokio::test(start_paused = true)]
    async fn what_comes_out_is_told_of_in_its_order() {
        let steps = vec![in_line(Some(mapped(1))), in_line(Some(mapped(2))), END];
        assert_eq!(comes_out(steps).await, (vec![1, 2], vec!["9 records".to_owned()], false));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_comes_out_behind_a_chunk_that_could_not_be_mapped() {
        for (lost, reason) in [
            (Some(Err(io::Error::other("the disk is gone"))), "the disk is gone"),
            (None, "internal error: a mapper failed"),
        ] {
            let steps = vec![in_line(Some(mapped(1))), in_line(lost), in_line(Some(mapped(3))), END];
            let (out, told, stopped) = comes_out(steps).await;
            assert!(out == [1] && stopped, "{out:?}");
            assert!(told.len() == 1 && told[0].contains(reason), "{told:?}");
        }
    }

    #[tokio::test]
    async fn the_mapping_is_free_when_the_line_ends() {
        let (events, _inbox) = mpsc::channel(8);
        let mapping = mapping();
        let rules = Arc::clone(&mapping.rules);
        let (feed, out) = start(2, mapping, events, CancellationToken::new());
        let put_all = tokio::task::spawn_blocking(move || (0..100).all(|index| feed.put(Read::Chunk(0, chunk(index)))));
        let out: Vec<u64> = out.map(|chunk| chunk.counts.consumed).collect().await;
        assert!(Arc::into_inner(rules).is_some());
        assert!(out.into_iter().eq(0..100) && put_all.await.is_ok_and(|put| put));
    }
}
