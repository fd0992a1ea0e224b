//! Packs encoded identities into requests, bounded by count and by bytes.

use std::collections::HashMap;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::event::Event;
use super::map::{MappedChunk, Ready};
use super::room::{Outlet, Taken};
use super::{settle, tell};
use crate::journal::{ContentHash, Known, Plan, RecordKey, Reject};
use crate::mapping::{Notices, Rejection};
use crate::source::RecordChunk;

const HEAD: &[u8] = br#"{"requests":["#;
const TAIL: &[u8] = br#"],"validate_only":false}"#;

/// Bytes of chunks that a batch may keep alive before it is sent as it is. Where few of the records of a chunk are sent, or
/// little of a large record, this comes before the other bounds.
pub(super) const MAX_PINNED: usize = 3 * 1024 * 1024;

/// Bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most identities.
    pub items: usize,
    /// The most bytes of the body. A single identity larger than this still goes, alone.
    pub bytes: usize,
}

/// One identity of a batch, and the record it came from.
#[derive(Clone, Debug)]
pub(super) struct Item {
    input: u16,
    chunk: Arc<RecordChunk>,
    span: usize,
    pub notices: Notices,
    pub external_id: Box<str>,
    pub disabled: bool,
    encoded: Range<usize>,
    /// The hash of its encoded form.
    pub content: ContentHash,
}

impl Item {
    /// Which record of the run it is.
    pub(super) fn key(&self) -> RecordKey {
        RecordKey { input: self.input, number: self.chunk.spans[self.span].number }
    }

    /// It is at the target under this id, exactly as it was sent.
    pub(super) fn known(&self, id: &str) -> Known {
        Known::new(&self.external_id, id, self.content)
    }

    /// The reject that this record becomes.
    pub(super) fn reject(&self, rejection: Rejection) -> Reject {
        Reject::new(rejection, self.input, &self.chunk, &self.chunk.spans[self.span])
    }
}

/// Identities that travel in one request.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub items: Vec<Item>,
    body: Bytes,
    /// Bytes that it keeps in memory: its body and the chunks that its records lie in.
    pub weight: usize,
}

impl Batch {
    /// The body of a batch request.
    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// The body of a request for one item alone.
    pub(super) fn item_body(&self, item: &Item) -> Bytes {
        self.body.slice(item.encoded.clone())
    }

    /// A batch of some of the items.
    pub(super) fn subset(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut packer = Packer::default();
        for index in indices {
            let item = self.items[index].clone();
            packer.push(&self.body[item.encoded.clone()], item);
        }
        packer.finish()
    }

    /// Parts of it that keep to bounds, as far as single items do.
    fn parts(&self, limits: BatchLimits) -> Vec<Self> {
        let (mut parts, mut packer) = (Vec::new(), Packer::default());
        for item in &self.items {
            if !packer.fits(item.encoded.len(), limits) {
                parts.push(packer.finish());
            }
            packer.push(&self.body[item.encoded.clone()], item.clone());
        }
        parts.push(packer.finish());
        parts
    }

    /// Two halves of a batch of at least two items.
    pub(super) fn halves(&self) -> [Self; 2] {
        let middle = self.items.len() / 2;
        [self.subset(0..middle), self.subset(middle..self.items.len())]
    }
}

/// Puts a body together.
#[derive(Default)]
struct Packer {
    body: Vec<u8>,
    items: Vec<Item>,
    /// The room of the chunks that the items' records lie in, which live as long as the items.
    pinned: usize,
    /// What the last body took. Bodies of one size that never grow take the same pieces of memory again and again; with
    /// others the peak rises for as long as a run lasts.
    usual: usize,
}

/// Bodies are made for a multiple of so many bytes.
const BODY_STEP: usize = 64 * 1024;

impl Packer {
    /// Whether an identity of `length` bytes still fits. The first one always does.
    fn fits(&self, length: usize, limits: BatchLimits) -> bool {
        self.items.is_empty()
            || self.items.len() < limits.items
                && self.body.len() + 1 + length + TAIL.len() <= limits.bytes
                && self.pinned <= MAX_PINNED
    }

    fn push(&mut self, encoded: &[u8], mut item: Item) {
        if self.items.is_empty() {
            self.body.reserve(self.usual);
        }
        self.body.extend_from_slice(if self.items.is_empty() { HEAD } else { b"," });
        let start = self.body.len();
        self.body.extend_from_slice(encoded);
        item.encoded = start..self.body.len();
        // Records come in the order of their chunks, so only the last one can be the same.
        if self.items.last().is_none_or(|last| !Arc::ptr_eq(&last.chunk, &item.chunk)) {
            self.pinned += item.chunk.bytes.room();
        }
        self.items.push(item);
    }

    fn finish(&mut self) -> Batch {
        self.body.extend_from_slice(TAIL);
        self.usual = self.body.len().next_multiple_of(BODY_STEP);
        let weight = self.body.len() + std::mem::take(&mut self.pinned);
        Batch { items: std::mem::take(&mut self.items), body: Bytes::from(std::mem::take(&mut self.body)), weight }
    }
}

/// A batch and what was already tried with it.
#[derive(Debug)]
pub(super) struct Work {
    pub batch: Batch,
    /// How often single items of it were sent before and answered with an error that may pass.
    pub round: u32,
    /// An earlier part of the run was about to send it, and may have.
    pub in_doubt: bool,
    /// It is part of a batch that failed while others succeeded: how many had, when that one was first sent.
    pub suspect_since: Option<u64>,
    /// The room that it takes, together with the other parts of the batch that it came from.
    pub room: Taken,
}

impl Work {
    /// A batch that was never sent before.
    fn new(batch: Batch) -> Self {
        Self { batch, round: 0, in_doubt: false, suspect_since: None, room: None }
    }

    /// Parts of it that keep to bounds that became tighter since it was filled; nothing if it does. What may have been
    /// carried out is sent again exactly as it was.
    pub(super) fn beyond(&self, limits: BatchLimits) -> Option<Vec<Self>> {
        let is_beyond = self.batch.items.len() > limits.items || self.batch.body.len() > limits.bytes;
        (is_beyond && self.batch.items.len() > 1 && !self.in_doubt).then(|| {
            let part = |batch| Self { batch, room: self.room.clone(), ..*self };
            self.batch.parts(limits).into_iter().map(part).collect()
        })
    }

    /// The same, of which nothing was carried out.
    pub(super) fn refused_as_a_whole(&self, suspect_since: Option<u64>) -> Self {
        Self { batch: self.batch.clone(), room: self.room.clone(), in_doubt: false, suspect_since, ..*self }
    }

    /// Its halves, to find the item at fault; nothing if it is one item. `in_doubt` says whether some of it may have been
    /// carried out.
    pub(super) fn halved(&self, suspect_since: Option<u64>, in_doubt: bool) -> Vec<Self> {
        if self.batch.items.len() < 2 {
            return Vec::new();
        }
        let in_doubt = in_doubt || self.in_doubt;
        let part = |batch| Self { batch, round: self.round, in_doubt, suspect_since, room: self.room.clone() };
        self.batch.halves().into_iter().map(part).collect()
    }

    /// Some of its items, to be sent again after the target answered for them.
    pub(super) fn again(&self, items: Vec<usize>, suspect_since: Option<u64>) -> Self {
        Self { round: self.round + 1, suspect_since, room: self.room.clone(), ..Self::new(self.batch.subset(items)) }
    }
}

/// Fills batches from mapped chunks until there are no more, and sends the last one however small it is.
///
/// Batches that an earlier part of the run was about to send are put together again exactly as they were, so that a
/// target that carried them out knows their idempotency keys and answers as it did.
pub(super) async fn fill(
    mapped: impl Stream<Item = MappedChunk>,
    limits: impl Fn() -> BatchLimits,
    in_doubt: &[Plan],
    batches: Outlet,
    events: mpsc::Sender<Event>,
) {
    let mut mapped = pin!(mapped);
    let mut packer = Packer::default();
    let mut again = Again::new(in_doubt, limits());
    while let Some(MappedChunk { input, chunk, encoded, ready, unchanged, rejects, counts }) = mapped.next().await {
        tell(&events, Event::Mapped(counts)).await;
        settle(&events, unchanged, rejects, Vec::new()).await;
        for Ready { span, encoded: range, content, external_id, disabled, notices } in ready {
            let encoded = &encoded[range];
            let chunk = Arc::clone(&chunk);
            let item = Item { input, chunk, span, notices, external_id, disabled, encoded: 0..0, content };
            let full = match again.take(item, encoded) {
                Placed::Into(full) => full,
                Placed::Not(item) => {
                    let full = (!packer.fits(encoded.len(), limits())).then(|| Work::new(packer.finish()));
                    packer.push(encoded, item);
                    full
                }
            };
            if let Some(work) = full
                && !batches.send(work).await
            {
                return;
            }
        }
    }
    let rest = (!packer.items.is_empty()).then(|| Work::new(packer.finish()));
    for work in again.rest().chain(rest) {
        if !batches.send(work).await {
            return;
        }
    }
}

/// Puts batches together again that were under way when the run broke off.
struct Again {
    /// Which of the plans a record belongs to.
    plan_of: HashMap<RecordKey, usize>,
    plans: Vec<(Packer, usize, u32)>,
}

/// Whether a record belongs to a batch that is put together again, and that batch once it is complete.
enum Placed {
    Into(Option<Work>),
    Not(Item),
}

impl Again {
    /// There are no more plans than requests were under way at once, so this is small.
    fn new(plans: &[Plan], limits: BatchLimits) -> Self {
        // A target that lost its batch methods since then gets the items one by one.
        let most = if limits.items > 1 { usize::MAX } else { 1 };
        let parts = || plans.iter().flat_map(|plan| plan.records.chunks(most).map(|records| (records, plan.round)));
        Self {
            plan_of: parts()
                .enumerate()
                .flat_map(|(index, (records, _))| records.iter().map(move |key| (*key, index)))
                .collect(),
            plans: parts().map(|(records, round)| (Packer::default(), records.len(), round)).collect(),
        }
    }

    fn take(&mut self, item: Item, encoded: &[u8]) -> Placed {
        let Some(index) = self.plan_of.remove(&item.key()) else { return Placed::Not(item) };
        let Some((packer, expected, round)) = self.plans.get_mut(index) else { return Placed::Not(item) };
        packer.push(encoded, item);
        Placed::Into((packer.items.len() == *expected).then(|| Work {
            round: *round,
            in_doubt: true,
            ..Work::new(packer.finish())
        }))
    }

    /// Batches of which a record did not come.
    fn rest(self) -> impl Iterator<Item = Work> {
        let plans = self.plans.into_iter().filter(|(packer, ..)| !packer.items.is_empty());
        plans.map(|(mut packer, _, round)| Work { round, in_doubt: true, ..Work::new(packer.finish()) })
    }
}

/// In a dry run identities go nowhere.
pub(super) async fn discard(mapped: impl Stream<Item = MappedChunk>, events: &mpsc::Sender<Event>) {
    let mut mapped = pin!(mapped);
    while let Some(MappedChunk { rejects, counts, .. }) = mapped.next().await {
        tell(events, Event::Mapped(counts)).await;
        settle(events, Vec::new(), rejects, Vec::new()).await;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk() -> Arc<RecordChunk> {
        Arc::new(RecordChunk {
            input: Arc::from("-"),
            bytes: Vec::new().into(),
            base: 0,
            spans: Vec::new(),
            header: None,
            consumed: 0,
        })
    }

    fn item(chunk: &Arc<RecordChunk>, span: usize) -> Item {
        Item {
            input: 0,
            chunk: Arc::clone(chunk),
            span,
            notices: Notices::default(),
            external_id: span.to_string().into(),
            disabled: false,
            encoded: 0..0,
            content: ContentHash::NOTHING,
        }
    }

    /// Packs identities of these sizes and returns the finished batches.
    fn pack(sizes: &[usize], limits: BatchLimits) -> Vec<Batch> {
        let chunk = chunk();
        let (mut packer, mut batches) = (Packer::default(), Vec::new());
        for (index, size) in sizes.iter().enumerate() {
            let encoded = format!("\"{}\"", "x".repeat(*size));
            if !packer.fits(encoded.len(), limits) {
                batches.push(packer.finish());
            }
            packer.push(encoded.as_bytes(), item(&chunk, index));
        }
        if !packer.items.is_empty() {
            batches.push(packer.finish());
        }
        batches
    }

    proptest! {
        #[test]
        fn every_identity_is_in_exactly_one_batch_within_the_limits(
            sizes in proptest::collection::vec(0usize..400, 0..60),
            items in 1usize..10,
            bytes in 50usize..900,
        ) {
            let batches = pack(&sizes, BatchLimits { items, bytes });
            let spans: Vec<usize> = batches.iter().flat_map(|batch| batch.items.iter().map(|item| item.span)).collect();
            prop_assert_eq!(spans, (0..sizes.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!(batch.items.len() <= items);
                prop_assert!(batch.body.len() <= bytes || batch.items.len() == 1);
                let body: serde_json::Value = serde_json::from_slice(&batch.body).unwrap();
                prop_assert_eq!(body["requests"].as_array().unwrap().len(), batch.items.len());
                for (index, item) in batch.items.iter().enumerate() {
                    let alone: serde_json::Value = serde_json::from_slice(&batch.item_body(item)).unwrap();
                    prop_assert_eq!(&alone, &body["requests"][index]);
                }
            }
        }

        #[test]
        fn parts_hold_what_the_whole_held_within_bounds(
            sizes in proptest::collection::vec(0usize..200, 1..60),
            items in 1usize..10,
            bytes in 100usize..2000,
        ) {
            let whole = pack(&sizes, BatchLimits { items: 100, bytes: 100_000 }).remove(0);
            let parts = whole.parts(BatchLimits { items, bytes });
            let ids = |batch: &Batch| batch.items.iter().map(|item| item.external_id.clone()).collect::<Vec<_>>();
            prop_assert_eq!(parts.iter().flat_map(ids).collect::<Vec<_>>(), ids(&whole));
            for part in &parts {
                prop_assert!((1..=items).contains(&part.items.len()));
                prop_assert!(part.body.len() <= bytes || part.items.len() == 1);
            }
        }

        #[test]
        fn halves_hold_what_the_whole_held(sizes in proptest::collection::vec(0usize..50, 2..20)) {
            let whole = pack(&sizes, BatchLimits { items: 100, bytes: 100_000 }).remove(0);
            let halves = whole.halves();
            let ids = |batch: &Batch| batch.items.iter().map(|item| item.external_id.clone()).collect::<Vec<_>>();
            prop_assert_eq!(halves.iter().flat_map(ids).collect::<Vec<_>>(), ids(&whole));
            prop_assert!(halves.iter().all(|half| !half.items.is_empty()));
        }
    }
}
