//! Identities that travel in one request, bounded by count and by bytes.

use std::sync::Arc;

use bytes::Bytes;

use super::item::BatchItem;
use super::pieces::{Piece, Pieces};
use crate::destination::Envelope;

/// Bytes of chunks that a batch may keep alive before it is sent as it is. Where little of large records is sent, this comes before
/// the other bounds.
pub(crate) const MAX_PINNED: usize = 3 * 1024 * 1024;

/// Bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most identities.
    pub items: usize,
    /// The most bytes of the body. A single identity larger than this still goes, alone.
    pub bytes: usize,
}

/// Identities that travel in one request.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub items: Vec<BatchItem>,
    body: Bytes,
    envelope: Envelope,
    /// Bytes that it keeps in memory: its body, the chunks that its records lie in, and its items.
    pub weight: usize,
}

impl Batch {
    /// The body of a batch request.
    pub(crate) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// How the body begins: each method of the destination has its own way.
    pub(crate) fn head(&self) -> &'static [u8] {
        self.envelope.head
    }

    /// The body of a request for one item alone.
    pub(crate) fn item_body(&self, item: &BatchItem) -> Bytes {
        self.body.slice(item.encoded.clone())
    }

    /// A batch of some of the items.
    pub(crate) fn subset(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut packer = BatchPacker::new(self.envelope);
        for index in indices {
            let item = self.items[index].clone();
            packer.push(&self.body[item.encoded.clone()], item);
        }
        packer.finish()
    }

    /// Parts of it that keep to bounds, as far as single items do.
    pub(crate) fn parts(&self, limits: BatchLimits) -> Vec<Self> {
        let (mut parts, mut packer) = (Vec::new(), BatchPacker::new(self.envelope));
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
    pub(crate) fn halves(&self) -> [Self; 2] {
        let middle = self.items.len() / 2;
        [self.subset(0..middle), self.subset(middle..self.items.len())]
    }
}

/// Puts a body together.
pub(crate) struct BatchPacker {
    envelope: Envelope,
    /// Where bodies lie.
    pieces: Pieces,
    body: Piece,
    items: Vec<BatchItem>,
    /// What the chunks take that the items' records lie in, which live as long as the items.
    pinned: usize,
    /// What the items take beside those.
    beside: usize,
    /// What the last body took. Bodies of one size that never grow take the same pieces of memory again and again; with
    /// others the peak rises for as long as a run lasts.
    usual: usize,
    /// How many items the last one had.
    usual_items: usize,
}

/// The capacity of a large body is rounded up to a multiple of this, that of a smaller one to a power of two.
const BODY_STEP: usize = 64 * 1024;

impl BatchPacker {
    /// An empty body in this form.
    pub(crate) fn new(envelope: Envelope) -> Self {
        let (pieces, body, items) = (Pieces::default(), Piece::default(), Vec::new());
        Self { envelope, pieces, body, items, pinned: 0, beside: 0, usual: 0, usual_items: 0 }
    }

    /// How many identities are in it.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether an identity of `length` bytes still fits. The first one always does.
    pub(crate) fn fits(&self, length: usize, limits: BatchLimits) -> bool {
        self.items.is_empty()
            || self.items.len() < limits.items
                && self.body.len() + self.envelope.separator.len() + length + self.envelope.tail.len() <= limits.bytes
                && self.pinned <= MAX_PINNED
    }

    /// Adds an identity.
    pub(crate) fn push(&mut self, encoded: &[u8], mut item: BatchItem) {
        if self.items.is_empty() {
            self.body = self.pieces.take(self.usual);
            self.items.reserve_exact(self.usual_items);
        }
        let before = if self.items.is_empty() { self.envelope.head } else { self.envelope.separator };
        self.body.extend_from_slice(before);
        let start = self.body.len();
        self.body.extend_from_slice(encoded);
        item.encoded = start..self.body.len();
        // Records come in the order of their chunks, so only the last one can be the same.
        if self.items.last().is_none_or(|last| !Arc::ptr_eq(&last.chunk, &item.chunk)) {
            self.pinned += item.chunk.memory();
        }
        self.beside += item.memory();
        self.items.push(item);
    }

    /// The batch of all that was added. What is added then belongs to the next one.
    pub(crate) fn finish(&mut self) -> Batch {
        self.body.extend_from_slice(self.envelope.tail);
        let length = self.body.len();
        self.usual = length.next_multiple_of(length.next_power_of_two().min(BODY_STEP));
        let weight = self.body.len() + std::mem::take(&mut self.pinned) + std::mem::take(&mut self.beside);
        let (items, body) = (std::mem::take(&mut self.items), Bytes::from_owner(std::mem::take(&mut self.body)));
        self.usual_items = items.len();
        Batch { items, body, envelope: self.envelope, weight }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::Ready;
    use crate::journal::ContentHash;
    use crate::kind::Kind;
    use crate::mapping::Notices;
    use crate::source::RecordChunk;

    const ENVELOPE: Envelope =
        Envelope { head: br#"{"requests":["#, separator: b",", tail: b"]}", items: 1000, bytes: 1 << 20 };

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

    fn item(chunk: &Arc<RecordChunk>, span_index: usize) -> BatchItem {
        let ready = Ready {
            kind: Kind::default(),
            span_index,
            encoded: 0..0,
            content: ContentHash::NOTHING,
            external_id: span_index.to_string().into(),
            clerk_id: None,
            earlier: None,
            disabled: false,
            notices: Notices::default(),
            references: Vec::new(),
        };
        BatchItem::new(0, chunk, ready)
    }

    /// Packs identities of these sizes and returns the finished batches.
    fn pack(sizes: &[usize], limits: BatchLimits) -> Vec<Batch> {
        let chunk = chunk();
        let (mut packer, mut batches) = (BatchPacker::new(ENVELOPE), Vec::new());
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
            let spans: Vec<usize> = batches.iter().flat_map(|batch| batch.items.iter().map(|item| item.span_index)).collect();
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
        fn a_batch_weighs_its_body_and_its_items(sizes in proptest::collection::vec(0usize..50, 1..20)) {
            let whole = pack(&sizes, BatchLimits { items: 100, bytes: 100_000 }).remove(0);
            prop_assert!(whole.weight > whole.body.len() + whole.items.len() * size_of::<BatchItem>());
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
