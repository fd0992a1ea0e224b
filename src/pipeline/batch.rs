//! Packs encoded identities into requests, bounded by count and by bytes.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::event::Event;
use super::map::{MappedChunk, Ready};
use super::tell;
use crate::journal::Reject;
use crate::mapping::Rejection;
use crate::source::RecordChunk;

const HEAD: &[u8] = br#"{"requests":["#;
const TAIL: &[u8] = br#"],"validate_only":false}"#;

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
    chunk: Arc<RecordChunk>,
    span: usize,
    pub external_id: Box<str>,
    pub disabled: bool,
    encoded: Range<usize>,
}

impl Item {
    /// The reject that this record becomes.
    pub(super) fn reject(&self, rejection: Rejection) -> Reject {
        Reject::new(rejection, &self.chunk, &self.chunk.spans[self.span])
    }
}

/// Identities that travel in one request.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub items: Vec<Item>,
    body: Bytes,
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
}

impl Packer {
    /// Whether an identity of `length` bytes still fits. The first one always does.
    fn fits(&self, length: usize, limits: BatchLimits) -> bool {
        self.items.is_empty()
            || self.items.len() < limits.items && self.body.len() + 1 + length + TAIL.len() <= limits.bytes
    }

    fn push(&mut self, encoded: &[u8], mut item: Item) {
        self.body.extend_from_slice(if self.items.is_empty() { HEAD } else { b"," });
        let start = self.body.len();
        self.body.extend_from_slice(encoded);
        item.encoded = start..self.body.len();
        self.items.push(item);
    }

    fn finish(&mut self) -> Batch {
        self.body.extend_from_slice(TAIL);
        Batch { items: std::mem::take(&mut self.items), body: Bytes::from(std::mem::take(&mut self.body)) }
    }
}

/// Fills batches from mapped chunks until there are no more, and sends the last one however small it is.
pub(super) async fn fill(
    mapped: impl Stream<Item = MappedChunk>,
    limits: BatchLimits,
    batches: mpsc::Sender<Batch>,
    events: mpsc::Sender<Event>,
) {
    let mut mapped = pin!(mapped);
    let mut packer = Packer::default();
    while let Some(MappedChunk { chunk, encoded, ready, rejects, counts }) = mapped.next().await {
        tell(&events, Event::Mapped(counts)).await;
        reject_all(rejects, &events).await;
        for Ready { span, encoded: range, external_id, disabled } in ready {
            let encoded = &encoded[range];
            if !packer.fits(encoded.len(), limits) && batches.send(packer.finish()).await.is_err() {
                return;
            }
            packer.push(encoded, Item { chunk: Arc::clone(&chunk), span, external_id, disabled, encoded: 0..0 });
        }
    }
    if !packer.items.is_empty() && batches.send(packer.finish()).await.is_err() {
        tracing::debug!("the senders are gone");
    }
}

/// In a dry run identities go nowhere.
pub(super) async fn discard(mapped: impl Stream<Item = MappedChunk>, events: mpsc::Sender<Event>) {
    let mut mapped = pin!(mapped);
    while let Some(MappedChunk { rejects, counts, .. }) = mapped.next().await {
        tell(&events, Event::Mapped(counts)).await;
        reject_all(rejects, &events).await;
    }
}

async fn reject_all(rejects: Vec<Reject>, events: &mpsc::Sender<Event>) {
    for reject in rejects {
        tell(events, Event::Rejected(Box::new(reject))).await;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk() -> Arc<RecordChunk> {
        Arc::new(RecordChunk { input: Arc::from("-"), bytes: Vec::new(), base: 0, spans: Vec::new(), consumed: 0 })
    }

    fn item(chunk: &Arc<RecordChunk>, span: usize) -> Item {
        Item { chunk: Arc::clone(chunk), span, external_id: span.to_string().into(), disabled: false, encoded: 0..0 }
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
        fn halves_hold_what_the_whole_held(sizes in proptest::collection::vec(0usize..50, 2..20)) {
            let whole = pack(&sizes, BatchLimits { items: 100, bytes: 100_000 }).remove(0);
            let halves = whole.halves();
            let ids = |batch: &Batch| batch.items.iter().map(|item| item.external_id.clone()).collect::<Vec<_>>();
            prop_assert_eq!(halves.iter().flat_map(ids).collect::<Vec<_>>(), ids(&whole));
            prop_assert!(halves.iter().all(|half| !half.items.is_empty()));
        }
    }
}
