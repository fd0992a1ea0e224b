//! What the mappers settled and the committer has not booked yet: rejects, and records that the target has as they are.
//!
//! The committer waits for the disk with each group of what it is given. If the batches waited for it with what is settled of each
//! chunk, the disk would say how fast records are mapped. So some of it may be on the way, up to a bound of memory.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::outcomes::event::{Booked, Event, SETTLED_TOGETHER, SettledRecords, begin_sending_settled};

/// What is on the way to the committer: at most [`SETTLED_TOGETHER`] bytes of it, or that of one chunk if it is more.
#[derive(Default)]
pub(super) struct SettledOnTheWay {
    /// The oldest first, each with its bytes. They are booked in this order.
    waiting: VecDeque<(usize, Booked)>,
    bytes: usize,
}

impl SettledOnTheWay {
    /// Sends the committer what became of records of a chunk, as soon as there is room for it.
    pub(super) async fn send(&mut self, events: &mpsc::Sender<Event>, settled: SettledRecords) {
        let bytes = settled.size();
        while self.bytes + bytes > SETTLED_TOGETHER
            && let Some((booked_bytes, booked)) = self.waiting.pop_front()
        {
            booked.wait().await;
            self.bytes -= booked_bytes;
        }
        if let Some(booked) = begin_sending_settled(events, settled, None).await {
            self.waiting.push_back((bytes, booked));
            self.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use futures::poll;

    use super::*;
    use crate::journal::Reject;
    use crate::kind::Kind;
    use crate::mapping::{RejectCode, Rejection};
    use crate::source::{RecordChunk, RecordSpan};

    /// What became of a chunk with one reject of this many bytes.
    fn rejected(number: u64, bytes: usize) -> SettledRecords {
        let span = RecordSpan { number, line: number, offset: 0, length: bytes as u64, fault: None };
        let chunk = RecordChunk {
            input: Arc::from("-"),
            bytes: vec![b'x'; bytes].into(),
            base: 0,
            spans: vec![span.clone()],
            header: None,
            consumed: 0,
        };
        let rejection = Rejection::of_record(RejectCode::InvalidRecord, "");
        let reject = Reject::new(rejection, Kind::default(), 0, &chunk, &span);
        SettledRecords { rejects: vec![reject], ..SettledRecords::default() }
    }

    #[tokio::test]
    async fn what_is_little_waits_for_nobody_and_more_than_there_is_room_for_waits_for_the_oldest() {
        let third = SETTLED_TOGETHER / 3;
        let (events, mut inbox) = mpsc::channel(64);
        let mut on_the_way = SettledOnTheWay::default();
        for number in 1..=3 {
            on_the_way.send(&events, rejected(number, third)).await;
        }
        assert_eq!(inbox.len(), 3, "nobody has booked them yet");
        {
            let mut fourth = pin!(on_the_way.send(&events, rejected(4, third)));
            assert!(poll!(&mut fourth).is_pending());
            drop(inbox.recv().await);
            assert!(poll!(&mut fourth).is_ready());
        }
        // What is more than the room waits until all others are booked.
        let mut large = pin!(on_the_way.send(&events, rejected(5, 3 * SETTLED_TOGETHER)));
        for _ in 2..=4 {
            assert!(poll!(&mut large).is_pending());
            drop(inbox.recv().await);
        }
        assert!(poll!(&mut large).is_ready());
        assert_eq!(inbox.len(), 1);
    }
}
