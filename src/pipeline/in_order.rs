//! What the mappers have done, in the order in which they read it.

use futures::{Stream, stream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::map_failure::MapFailure;
use super::mapped_chunk::MappedChunk;
use crate::outcomes::StopReason;
use crate::outcomes::booking::InputEnd;
use crate::outcomes::event::{Event, send_event};
use crate::source::SourceError;

/// What stands in the queue.
pub(super) enum QueuedStep {
    Chunk(oneshot::Receiver<Result<MappedChunk, MapFailure>>),
    /// A chunk of which nothing has to be waited for.
    Mapped(Box<MappedChunk>),
    End(InputEnd),
    Failed(SourceError),
}

/// What was mapped, in the order of the input. It ends with the queue, or at a chunk that could not be mapped: if one behind
/// that came through and were settled, the place up to which everything is settled would move across the gap.
pub(super) fn in_order(
    steps: mpsc::Receiver<QueuedStep>,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> impl Stream<Item = MappedChunk> + use<> {
    stream::unfold((steps, events, stop), async |(mut steps, events, stop)| {
        loop {
            let reason = match steps.recv().await? {
                QueuedStep::Chunk(mapped) => match mapped.await {
                    Ok(Ok(mapped)) => return Some((mapped, (steps, events, stop))),
                    Ok(Err(failure)) => failure.into(),
                    Err(_) => StopReason::Internal("a mapper failed".to_owned()),
                },
                QueuedStep::Mapped(chunk) => return Some((*chunk, (steps, events, stop))),
                QueuedStep::End(end) => {
                    send_event(&events, Event::InputEnded(end)).await;
                    continue;
                }
                // The last thing in the queue.
                QueuedStep::Failed(error) => {
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
    use crate::pipeline::map::map_chunk;
    use crate::pipeline::mappers::tests::{chunk, context};
    use crate::source::SkippedRows;

    fn mapped(consumed: u64) -> Result<MappedChunk, MapFailure> {
        map_chunk(0, chunk(consumed), &[], &context())
    }

    /// A chunk in the queue that becomes this; nothing if its mapper fails.
    fn chunk_step(result: Option<Result<MappedChunk, MapFailure>>) -> QueuedStep {
        let (sender, receiver) = oneshot::channel();
        if let Some(result) = result {
            assert!(sender.send(result).is_ok());
        }
        QueuedStep::Chunk(receiver)
    }

    /// What comes out of the queue, by what is behind each chunk, what is reported, and whether the run was stopped.
    async fn comes_out(steps: Vec<QueuedStep>) -> (Vec<u64>, Vec<String>, bool) {
        let (queue, waiting) = mpsc::channel(steps.len());
        for step in steps {
            assert!(queue.try_send(step).is_ok());
        }
        drop(queue);
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

    const END: QueuedStep = QueuedStep::End(InputEnd {
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
}
