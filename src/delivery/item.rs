//! One identity of a batch, and the record it came from.

use std::ops::Range;
use std::sync::Arc;

use super::ready::Ready;
use crate::journal::{ConfirmedRecord, ContentHash, Identified, RecordKey, Reject, Settled};
use crate::kind::Kind;
use crate::mapping::{Notices, Reference, Rejection};
use crate::source::RecordChunk;

/// What is said of an item to the committer, without ids.
const SAID: usize = size_of::<RecordKey>()
    + size_of::<String>()
    + size_of::<Settled>()
    + size_of::<ConfirmedRecord>()
    + size_of::<Identified>();

/// One identity of a batch, and the record it came from.
#[derive(Clone, Debug)]
pub(crate) struct BatchItem {
    kind: Kind,
    input: u16,
    pub(super) chunk: Arc<RecordChunk>,
    pub(super) span_index: usize,
    pub notices: Notices,
    pub external_id: Box<str>,
    /// The id at Clerk, if that is another one.
    pub clerk_id: Option<Box<str>>,
    /// The external id under which the target is known to have whom the record is about, if that is another one.
    pub earlier: Option<Box<str>>,
    pub disabled: bool,
    /// What the destination is asked about before it is sent.
    pub references: Vec<Reference>,
    /// Where its encoded form is in the body of its batch.
    pub(super) encoded: Range<usize>,
    /// The hash of its encoded form without the run's mark.
    pub content: ContentHash,
}

impl BatchItem {
    /// What was made of a record of this chunk; not in a batch yet.
    pub(crate) fn new(input: u16, chunk: &Arc<RecordChunk>, ready: Ready) -> Self {
        let Ready {
            kind,
            span_index,
            content,
            external_id,
            clerk_id,
            earlier,
            disabled,
            notices,
            references,
            encoded: _,
        } = ready;
        let (chunk, encoded) = (Arc::clone(chunk), 0..0);
        Self {
            kind,
            input,
            chunk,
            span_index,
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

    /// Bytes that it takes beside its record and its encoded form: itself, and what the committer is told of it, which repeats its ids,
    /// in the plan and in the outcome.
    pub(super) fn memory(&self) -> usize {
        let ids = [Some(&self.external_id), self.clerk_id.as_ref(), self.earlier.as_ref()];
        let ids = ids.into_iter().flatten().map(|id| id.len()).sum::<usize>();
        let references = self.references.iter().map(Reference::memory).sum::<usize>();
        size_of::<Self>() + ids + references + SAID + 3 * ids
    }

    /// Which record of the run it is.
    pub(crate) fn key(&self) -> RecordKey {
        RecordKey { input: self.input, number: self.chunk.spans[self.span_index].number }
    }

    /// It is at the target under this id, exactly as it was sent.
    pub(crate) fn confirmed(&self, id: &str) -> ConfirmedRecord {
        let confirmed = match self.kind {
            Kind::User => ConfirmedRecord::new(&self.external_id, id, self.content),
            _ => ConfirmedRecord::unsampled(&self.external_id, self.content),
        };
        confirmed.as_record(self.key())
    }

    /// Of which kind its record is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The ids of what the record is about, at Clerk and at the target, where it has this external id and this id.
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
        Reject::new(rejection, self.kind, self.input, &self.chunk, &self.chunk.spans[self.span_index])
    }
}
