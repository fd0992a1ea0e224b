//! What became of items of a batch, and how the committer is told.

use tokio::sync::{Mutex, mpsc};

use super::pending_batch::PendingBatch;
use crate::journal::{ConfirmedRecord, Identified, Settled};
use crate::mapping::Rejection;
use crate::outcomes::event::{Event, SETTLED_TOGETHER, SettledRecords, send_settled};

/// What became of some items of a batch.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    /// Created, updated or there already.
    pub at_target: Vec<Settled>,
    /// Rejected: which item, and why.
    pub rejected: Vec<(usize, Rejection)>,
    /// Those that were confirmed to be at the target exactly as exported.
    pub confirmed: Vec<ConfirmedRecord>,
    /// Ids at the target that the outcome itself does not hold.
    pub identified: Vec<Identified>,
}

/// Sends to the committer what is settled, for all senders. A reject holds the record itself, and a target may refuse every batch
/// there is at once; so one sender at a time sends rejects, [`SETTLED_TOGETHER`] bytes at a time.
#[derive(Debug)]
pub(super) struct SettledSender {
    to_outbox: mpsc::Sender<Event>,
    rejecting: Mutex<()>,
}

impl SettledSender {
    pub(super) fn new(to_outbox: mpsc::Sender<Event>) -> Self {
        Self { to_outbox, rejecting: Mutex::default() }
    }

    /// Sends what became of items of this batch. `request_id` is of the request whose answer rejected the rejected ones.
    ///
    /// The target did something for the records that are not rejected, so they must not be forgotten: all of them are in the first
    /// message, with the first rejects. For the rejected ones it did nothing. If the run ends before the committer was told of some
    /// rejected ones, these are not in the journal. When the run is resumed, they are sent to the target again, and are refused again.
    /// They are sent without the others then, and so under another key.
    pub(super) async fn send(&self, pending: &PendingBatch, settlement: Settlement, request_id: Option<&str>) {
        let PendingBatch { batch, memory, .. } = pending;
        let Settlement { at_target, rejected, confirmed, identified } = settlement;
        let mut settled = SettledRecords { at_target, confirmed, identified, ..SettledRecords::default() };
        let _alone = if rejected.is_empty() { None } else { Some(self.rejecting.lock().await) };
        let mut rejected = rejected.into_iter().peekable();
        loop {
            let mut bytes = 0;
            while bytes < SETTLED_TOGETHER
                && let Some((index, rejection)) = rejected.next()
            {
                let reject = batch.items[index].reject(rejection).in_request(request_id);
                bytes += reject.size();
                settled.rejects.push(reject);
            }
            send_settled(&self.to_outbox, std::mem::take(&mut settled), memory.clone()).await;
            if rejected.peek().is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use futures::poll;

    use super::*;
    use crate::delivery::MemoryBudget;
    use crate::delivery::batch::{Batch, BatchPacker};
    use crate::delivery::item::BatchItem;
    use crate::delivery::ready::Ready;
    use crate::journal::{ContentHash, RecordOutcome};
    use crate::kind::Kind;
    use crate::mapping::{Notices, RejectCode};
    use crate::source::{RecordChunk, RecordSpan};

    /// A batch of records of this size.
    fn batch(records: usize, bytes: usize) -> Batch {
        let span = |index: usize| {
            let (number, offset, length) = (index as u64 + 1, (index * bytes) as u64, bytes as u64);
            RecordSpan { number, line: number, offset, length, fault: None }
        };
        let chunk = Arc::new(RecordChunk {
            input: Arc::from("-"),
            bytes: vec![b'x'; records * bytes].into(),
            base: 0,
            spans: (0..records).map(span).collect(),
            header: None,
            consumed: 0,
        });
        let mut packer = BatchPacker::new(crate::destination::Scripted::ENVELOPE);
        for span_index in 0..records {
            let (content, notices) = (ContentHash::NOTHING, Notices::default());
            let (encoded, external_id) = (0..0, "".into());
            let ready = Ready {
                kind: Kind::default(),
                span_index,
                encoded,
                content,
                external_id,
                clerk_id: None,
                earlier: None,
                disabled: false,
                notices,
                references: Vec::new(),
            };
            packer.push(b"{}", BatchItem::new(0, &chunk, ready));
        }
        packer.finish()
    }

    #[tokio::test]
    async fn what_is_no_reject_is_reported_first_and_few_rejects_at_once() {
        let pending = PendingBatch::new(batch(8, 100 * 1024));
        let settled = |index: usize| Settled {
            key: pending.batch.items[index].key(),
            outcome: RecordOutcome::Unchanged,
            notices: 0,
        };
        let rejection = || Rejection::of_record(RejectCode::TargetError, "no");
        let settlement = Settlement {
            at_target: vec![settled(0), settled(4)],
            rejected: [1, 2, 3, 5, 6, 7].map(|index| (index, rejection())).into(),
            ..Settlement::default()
        };
        let (events, mut inbox) = mpsc::channel(1);
        let settled_sender = SettledSender::new(events);
        let reporting = async {
            settled_sender.send(&pending, settlement, None).await;
            drop(settled_sender);
        };
        let listening = async {
            let mut reported = Vec::new();
            while let Some(Event::Settled { settled, .. }) = inbox.recv().await {
                let SettledRecords { at_target, rejects, .. } = settled;
                reported.push((at_target.len(), rejects.iter().map(|reject| reject.key.number).collect::<Vec<_>>()));
            }
            reported
        };
        let ((), reported) = futures::join!(reporting, listening);
        assert_eq!(reported, [(2, vec![2, 3, 4]), (0, vec![6, 7, 8])]);
    }

    /// What is known of somebody may change although no record of the batch is settled: nobody is under an earlier external id any
    /// more.
    #[tokio::test]
    async fn what_is_known_from_now_on_is_reported_without_a_record_too() {
        let pending = PendingBatch::new(batch(1, 1));
        let (clerk_id, id) = ("user_1".to_owned(), "usr_1".to_owned());
        let identified = Identified { key: pending.batch.items[0].key(), clerk_id, external_id: None, id };
        for settlement in [
            Settlement { confirmed: vec![ConfirmedRecord::nothing("emp-1")], ..Settlement::default() },
            Settlement { identified: vec![identified], ..Settlement::default() },
        ] {
            let (events, mut inbox) = mpsc::channel(1);
            SettledSender::new(events).send(&pending, settlement, None).await;
            let Some(Event::Settled { settled, .. }) = inbox.recv().await else { panic!("nothing was reported") };
            assert_eq!(settled.confirmed.len() + settled.identified.len(), 1);
        }
        let (events, mut inbox) = mpsc::channel(1);
        SettledSender::new(events).send(&pending, Settlement::default(), None).await;
        assert!(inbox.recv().await.is_none(), "nothing is there to be said");
    }

    /// A sender goes on with the next batch as soon as it has reported one. Where the committer is behind, what was reported is in
    /// memory for a while.
    #[tokio::test]
    async fn what_is_reported_keeps_the_memory_of_its_batch_until_it_is_booked() {
        let batch = batch(1, 100 * 1024);
        let budget = MemoryBudget::new(batch.weight as u64);
        let memory = budget.take(&batch).await;
        let pending = PendingBatch { memory, ..PendingBatch::new(batch.clone()) };
        let settled = Settled { key: batch.items[0].key(), outcome: RecordOutcome::Unchanged, notices: 0 };
        let (events, mut inbox) = mpsc::channel(1);
        let settlement = Settlement { at_target: vec![settled], ..Settlement::default() };
        SettledSender::new(events).send(&pending, settlement, None).await;
        drop(pending);
        let mut next = pin!(budget.take(&batch));
        assert!(poll!(&mut next).is_pending());
        drop(inbox.recv().await);
        assert!(poll!(&mut next).is_ready());
    }
}
