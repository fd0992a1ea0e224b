//! Identities that travel in one request, bounded by count and by bytes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::ready::Ready;
use crate::destination::Envelope;
use crate::journal::{ConfirmedUser, ContentHash, Identified, RecordKey, Reject};
use crate::kind::Kind;
use crate::mapping::{Notices, Reference, Rejection};
use crate::source::RecordChunk;

/// Bytes of chunks that a batch may keep alive before it is sent as it is. Where few of the records of a chunk are sent, or
/// little of a large record, this comes before the other bounds.
pub(crate) const MAX_PINNED: usize = 3 * 1024 * 1024;

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
pub(crate) struct Item {
    kind: Kind,
    input: u16,
    chunk: Arc<RecordChunk>,
    span: usize,
    pub notices: Notices,
    pub external_id: Box<str>,
    /// The id at Clerk, if that is another one.
    pub clerk_id: Option<Box<str>>,
    /// The external id under which the target is known to have whom the record is about, if that is another one.
    pub earlier: Option<Box<str>>,
    pub disabled: bool,
    /// What the destination is asked about before it is sent.
    pub references: Vec<Reference>,
    encoded: Range<usize>,
    /// The hash of its encoded form without the run's mark.
    pub content: ContentHash,
}

impl Item {
    /// What was made of a record of this chunk; not in a batch yet.
    pub(crate) fn new(input: u16, chunk: &Arc<RecordChunk>, ready: Ready) -> Self {
        let Ready { kind, span, content, external_id, clerk_id, earlier, disabled, notices, references, encoded: _ } =
            ready;
        let (chunk, encoded) = (Arc::clone(chunk), 0..0);
        Self {
            kind,
            input,
            chunk,
            span,
            notices,
            external_id,
            clerk_id,
            earlier,
            disabled,
            references,
            encoded,
            content,
        }
    }

    /// Which record of the run it is.
    pub(crate) fn key(&self) -> RecordKey {
        RecordKey { input: self.input, number: self.chunk.spans[self.span].number }
    }

    /// It is at the target under this id, exactly as it was sent.
    pub(crate) fn confirmed(&self, id: &str) -> ConfirmedUser {
        match self.kind {
            Kind::User => ConfirmedUser::new(&self.external_id, id, self.content),
            _ => ConfirmedUser::unsampled(&self.external_id, self.content),
        }
    }

    /// Of which kind its record is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What the target calls whom the record is about, who has this external id and this id there.
    pub(crate) fn identified(&self, external_id: &str, id: &str) -> Identified {
        let clerk_id = self.clerk_id.as_deref().unwrap_or(&self.external_id);
        Identified {
            key: self.key(),
            clerk_id: clerk_id.to_owned(),
            external_id: (external_id != clerk_id).then(|| external_id.to_owned()),
            id: id.to_owned(),
        }
    }

    /// The reject that this record becomes.
    pub(crate) fn reject(&self, rejection: Rejection) -> Reject {
        Reject::new(rejection, self.kind, self.input, &self.chunk, &self.chunk.spans[self.span])
    }
}

/// Identities that travel in one request.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub items: Vec<Item>,
    body: Bytes,
    envelope: Envelope,
    /// Bytes that it keeps in memory: its body and the chunks that its records lie in.
    pub weight: usize,
}

impl Batch {
    /// The body of a batch request.
    pub(crate) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// The body of a request for one item alone.
    pub(crate) fn item_body(&self, item: &Item) -> Bytes {
        self.body.slice(item.encoded.clone())
    }

    /// A batch of some of the items.
    pub(crate) fn subset(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut packer = Packer::new(self.envelope);
        for index in indices {
            let item = self.items[index].clone();
            packer.push(&self.body[item.encoded.clone()], item);
        }
        packer.finish()
    }

    /// Parts of it that keep to bounds, as far as single items do.
    pub(crate) fn parts(&self, limits: BatchLimits) -> Vec<Self> {
        let (mut parts, mut packer) = (Vec::new(), Packer::new(self.envelope));
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
pub(crate) struct Packer {
    envelope: Envelope,
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
    /// An empty body in this form.
    pub(crate) fn new(envelope: Envelope) -> Self {
        Self { envelope, body: Vec::new(), items: Vec::new(), pinned: 0, usual: 0 }
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
    pub(crate) fn push(&mut self, encoded: &[u8], mut item: Item) {
        if self.items.is_empty() {
            self.body.reserve(self.usual);
        }
        let before = if self.items.is_empty() { self.envelope.head } else { self.envelope.separator };
        self.body.extend_from_slice(before);
        let start = self.body.len();
        self.body.extend_from_slice(encoded);
        item.encoded = start..self.body.len();
        // Records come in the order of their chunks, so only the last one can be the same.
        if self.items.last().is_none_or(|last| !Arc::ptr_eq(&last.chunk, &item.chunk)) {
            self.pinned += item.chunk.bytes.capacity();
        }
        self.items.push(item);
    }

    /// The batch of all that was added. What is added then belongs to the next one.
    pub(crate) fn finish(&mut self) -> Batch {
        self.body.extend_from_slice(self.envelope.tail);
        self.usual = self.body.len().next_multiple_of(BODY_STEP);
        let weight = self.body.len() + std::mem::take(&mut self.pinned);
        let (items, body) = (std::mem::take(&mut self.items), Bytes::from(std::mem::take(&mut self.body)));
        Batch { items, body, envelope: self.envelope, weight }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    fn item(chunk: &Arc<RecordChunk>, span: usize) -> Item {
        Item {
            kind: Kind::default(),
            input: 0,
            chunk: Arc::clone(chunk),
            span,
            notices: Notices::default(),
            external_id: span.to_string().into(),
            clerk_id: None,
            earlier: None,
            disabled: false,
            references: Vec::new(),
            encoded: 0..0,
            content: ContentHash::NOTHING,
        }
    }

    /// Packs identities of these sizes and returns the finished batches.
    fn pack(sizes: &[usize], limits: BatchLimits) -> Vec<Batch> {
        let chunk = chunk();
        let (mut packer, mut batches) = (Packer::new(ENVELOPE), Vec::new());
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
