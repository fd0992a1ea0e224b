//! The results of a batch, sorted by what is to be done about them.

use super::pending_batch::PendingBatch;
use super::refusal::invalid;
use super::settlement::Settlement;
use crate::destination::{ItemError, ItemErrorKind, ItemResult};
use crate::journal::{ConfirmedRecord, RecordOutcome, Settled};
use crate::kind::Kind;

/// The results of a batch, each item by its index.
#[derive(Debug, Default)]
pub(super) struct SortedResults {
    /// Created, or rejected for good.
    pub settlement: Settlement,
    /// Identities with their external ids are there already.
    pub existing: Vec<usize>,
    /// Something of another identity's is in the way.
    pub conflicts: Vec<(usize, ItemError)>,
    /// They may be answered otherwise later.
    pub to_retry: Vec<usize>,
    /// What the destination said of the last one of those. Of all of them it may be long.
    pub retry_error: ItemError,
    /// The destination does not let us in, and said so of an item.
    pub no_access: Option<ItemError>,
}

impl SortedResults {
    /// Sorts the results of a batch.
    pub(super) fn of(pending: &PendingBatch, results: Vec<ItemResult>) -> Self {
        let mut sorted = Self::default();
        for (index, result) in results.into_iter().enumerate() {
            sorted.sort(pending, index, result);
        }
        let Settlement { at_target, confirmed, .. } = &mut sorted.settlement;
        if let Some(Settled { outcome: RecordOutcome::Created { external_id, id: Some(id) }, .. }) = at_target.last() {
            // Before a later run believes what was confirmed, it looks for the newest user at the target.
            let is_user = pending.batch.items.first().is_some_and(|item| item.kind() == Kind::User);
            let last = if is_user { confirmed.pop() } else { None };
            confirmed.extend(last.map(|last: ConfirmedRecord| last.newest(external_id, id)));
        }
        sorted
    }

    fn sort(&mut self, pending: &PendingBatch, index: usize, result: ItemResult) {
        let Settlement { at_target, rejected, confirmed, identified } = &mut self.settlement;
        match result {
            ItemResult::Created { id } => {
                let item = &pending.batch.items[index];
                confirmed.extend(id.as_deref().map(|id| item.confirmed(id)));
                // Where the external id is the id at Clerk, the outcome below has all of it.
                let id_beside_outcome = id.as_deref().filter(|_| item.clerk_id.is_some());
                identified.extend(id_beside_outcome.map(|id| item.identified(&item.external_id, id)));
                let outcome = RecordOutcome::Created { external_id: item.external_id.to_string(), id };
                at_target.push(Settled { key: item.key(), outcome, notices: item.notices.bits() });
            }
            ItemResult::Exists { .. } => self.existing.push(index),
            ItemResult::Error(error) => match error.kind {
                ItemErrorKind::Conflict => self.conflicts.push((index, error)),
                ItemErrorKind::Invalid => rejected.push((index, invalid(error))),
                ItemErrorKind::Transient => {
                    self.to_retry.push(index);
                    self.retry_error = error;
                }
                ItemErrorKind::NoAccess => self.no_access = Some(error),
            },
        }
    }
}
