//! Fills batches from what was mapped.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::mapped_chunk::MappedChunk;
use super::settled_on_the_way::SettledOnTheWay;
use crate::delivery::{BatchItem, BatchLimits, BatchPacker, MemoryBudget, PendingBatch, Ready};
use crate::destination::Envelope;
use crate::journal::{BatchPlan, RecordKey};
use crate::outcomes::event::{Event, SettledRecords, send_event, send_settled};

/// Where filled batches go, once the memory budget allows it: `delivery/senders.rs` takes them.
pub(super) struct Outlet {
    pub batches: mpsc::Sender<PendingBatch>,
    pub budget: MemoryBudget,
    /// The form of what is sent.
    pub envelope: Envelope,
}

impl Outlet {
    /// False when nobody takes any more.
    pub(super) async fn send(&self, mut pending: PendingBatch) -> bool {
        tokio::select! {
            () = self.batches.closed() => return false,
            memory = self.budget.take(&pending.batch) => pending.memory = memory,
        }
        self.batches.send(pending).await.is_ok()
    }
}

/// Fills batches from mapped chunks until there are no more, and sends the last one even if it is small. `limits` are the bounds
/// of a batch as the pace has them now (`SenderContext::limits`, by way of `run.rs`).
///
/// Batches that an earlier part of the run was about to send are put together again exactly as they were, so that a
/// target that carried them out knows their idempotency keys and answers as it did.
pub(super) async fn batches(
    mapped: impl Stream<Item = MappedChunk>,
    limits: impl Fn() -> BatchLimits,
    in_doubt: &[BatchPlan],
    outlet: Outlet,
    events: mpsc::Sender<Event>,
) {
    let mut mapped = pin!(mapped);
    let mut packer = BatchPacker::new(outlet.envelope);
    let mut replayed = ReplayedBatches::new(in_doubt, limits(), outlet.envelope);
    let mut on_the_way = SettledOnTheWay::default();
    while let Some(mapped) = mapped.next().await {
        let is_little_sent = mapped.is_little_sent();
        let MappedChunk { input, chunk, encoded, ready, unchanged, rejects, counts } = mapped;
        send_event(&events, Event::Mapped(Box::new(counts))).await;
        let settled = SettledRecords { at_target: unchanged, rejects, ..SettledRecords::default() };
        // Not waited for here, so that the disk does not set the pace of mapping.
        on_the_way.send(&events, settled).await;
        for record in ready {
            let encoded = &encoded[record.encoded.clone()];
            let item = if is_little_sent {
                let alone = Arc::new(chunk.alone(&chunk.spans[record.span_index]));
                BatchItem::new(input, &alone, Ready { span_index: 0, ..record })
            } else {
                BatchItem::new(input, &chunk, record)
            };
            let full = match replayed.take(item, encoded) {
                Replayed::Into(full) => full,
                Replayed::Not(item) => {
                    let full = (!packer.fits(encoded.len(), limits())).then(|| PendingBatch::new(packer.finish()));
                    packer.push(encoded, item);
                    full
                }
            };
            if let Some(pending) = full
                && !outlet.send(pending).await
            {
                return;
            }
        }
    }
    let rest = (packer.len() > 0).then(|| PendingBatch::new(packer.finish()));
    for pending in replayed.rest().chain(rest) {
        if !outlet.send(pending).await {
            return;
        }
    }
}

/// Puts batches together again that were under way when the run broke off.
struct ReplayedBatches {
    /// Which of the plans a record belongs to.
    plan_of: HashMap<RecordKey, usize>,
    plans: Vec<ReplayedPlan>,
}

/// The plan of a batch, and as much of the batch as has come.
struct ReplayedPlan {
    packer: BatchPacker,
    /// How many records the batch had.
    expected: usize,
    /// In which round it was.
    round: u32,
}

impl ReplayedPlan {
    fn finish(&mut self) -> PendingBatch {
        PendingBatch { round: self.round, in_doubt: true, ..PendingBatch::new(self.packer.finish()) }
    }
}

/// Whether a record belongs to a batch that is put together again, and that batch once it is complete.
enum Replayed {
    Into(Option<PendingBatch>),
    Not(BatchItem),
}

impl ReplayedBatches {
    /// There are no more plans than requests were under way at once, so this is small.
    fn new(plans: &[BatchPlan], limits: BatchLimits, envelope: Envelope) -> Self {
        // A target that lost its batch methods since then gets the items one by one.
        let most = if limits.items > 1 { usize::MAX } else { 1 };
        let parts = || plans.iter().flat_map(|plan| plan.records.chunks(most).map(|records| (records, plan.round)));
        let empty = |(records, round): (&[RecordKey], u32)| ReplayedPlan {
            packer: BatchPacker::new(envelope),
            expected: records.len(),
            round,
        };
        Self {
            plan_of: parts()
                .enumerate()
                .flat_map(|(index, (records, _))| records.iter().map(move |key| (*key, index)))
                .collect(),
            plans: parts().map(empty).collect(),
        }
    }

    fn take(&mut self, item: BatchItem, encoded: &[u8]) -> Replayed {
        let Some(index) = self.plan_of.remove(&item.key()) else { return Replayed::Not(item) };
        let Some(plan) = self.plans.get_mut(index) else { return Replayed::Not(item) };
        plan.packer.push(encoded, item);
        Replayed::Into((plan.packer.len() == plan.expected).then(|| plan.finish()))
    }

    /// Batches of which a record did not come.
    fn rest(self) -> impl Iterator<Item = PendingBatch> {
        self.plans.into_iter().filter(|plan| plan.packer.len() > 0).map(|mut plan| plan.finish())
    }
}

/// Where nothing is sent, in a dry run, a first pass or an import that is withheld, what is ready goes nowhere; rejects and counts
/// go to the committer.
pub(super) async fn discard(mapped: impl Stream<Item = MappedChunk>, events: &mpsc::Sender<Event>) {
    let mut mapped = pin!(mapped);
    while let Some(MappedChunk { rejects, counts, .. }) = mapped.next().await {
        send_event(events, Event::Mapped(Box::new(counts))).await;
        send_settled(events, SettledRecords { rejects, ..SettledRecords::default() }, None).await;
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::mapping::{RejectCode, Rejection};
    use crate::pipeline::map::map_chunk;
    use crate::pipeline::map_context::MapContext;
    use crate::pipeline::mappers::tests::context;
    use crate::source::{RecordChunk, RecordSpan};

    const CHUNK: usize = 512 * 1024;
    const LIMITS: BatchLimits = BatchLimits { items: 500, bytes: 1024 * 1024 };

    /// A chunk of users who are all sent, and beside them as much that is not.
    fn mapped(first: u64, users: u64, beside: usize) -> MappedChunk {
        let base = 1_000_000 + first;
        let (mut bytes, mut spans) = (vec![b' '; beside], Vec::new());
        for number in first..first + users {
            let email = format!(r#"{{"id":"idn_1","email_address":"{number}@one.example"}}"#);
            let record = format!(r#"{{"id":"user_{number}","email_addresses":[{email}]}}"#);
            let (offset, length) = (base + bytes.len() as u64, record.len() as u64);
            spans.push(RecordSpan { number, line: number, offset, length, fault: None });
            bytes.extend_from_slice(record.as_bytes());
        }
        let chunk =
            RecordChunk { input: "users.json".into(), bytes: bytes.into(), base, spans, header: None, consumed: 0 };
        map_chunk(0, Arc::new(chunk), &[], &MapContext { encode: true, ..context() }).unwrap()
    }

    async fn filled(chunks: Vec<MappedChunk>) -> Vec<PendingBatch> {
        let envelope = Envelope { head: b"[", separator: b",", tail: b"]", items: 500, bytes: LIMITS.bytes };
        let (batches_out, mut waiting) = mpsc::channel(64);
        let outlet = Outlet { batches: batches_out, budget: MemoryBudget::new(64 * 1024 * 1024), envelope };
        let (events, _inbox) = mpsc::channel(1024);
        batches(stream::iter(chunks), || LIMITS, &[], outlet, events).await;
        let mut filled = Vec::new();
        while let Some(pending) = waiting.recv().await {
            filled.push(pending);
        }
        filled
    }

    #[tokio::test]
    async fn few_users_of_many_chunks_fill_a_batch_and_keep_no_chunk() {
        let filled = filled((0..40).map(|chunk| mapped(1 + 2 * chunk, 2, CHUNK)).collect()).await;
        let [pending] = filled.as_slice() else { panic!("{} batches", filled.len()) };
        assert_eq!(pending.batch.items.len(), 80);
        assert!(pending.batch.weight < CHUNK, "{}", pending.batch.weight);
        for (number, item) in (1..).zip(&pending.batch.items) {
            assert_eq!(item.key(), RecordKey { input: 0, number });
            let reject = item.reject(Rejection::of_record(RejectCode::InvalidRecord, ""));
            assert_eq!((reject.position.record, reject.position.line), (number, number));
            assert_eq!(reject.ids().clerk_id, Some(format!("user_{number}")), "out of the record's own bytes");
        }
    }

    #[tokio::test]
    async fn a_chunk_that_is_mostly_sent_is_not_copied() {
        let chunk = mapped(1, 100, 0);
        let held = Arc::clone(&chunk.chunk);
        let filled = filled(vec![chunk]).await;
        assert_eq!(filled[0].batch.items.len(), 100);
        assert_eq!(Arc::strong_count(&held), 101);
    }
}
