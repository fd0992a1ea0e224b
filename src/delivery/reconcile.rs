//! Identities that are at the target already: read back, compared, and left, updated or rejected as was asked.
//!
//! One that carries the mark of this very run is the run's own, no matter which answer got lost: it counts as created. Any other
//! one is not, even if the run tried to create it; so says an answer of `exists` to the batch's own key,
//! and without a mark there is no proof of the contrary. See [`RunMark`].
//!
//! ```text
//! reconcile                    their external ids are there: settle; where they are other people's: reconcile_under_other_ids
//! reconcile_unanswered         no answer says so, and one may be lost: it is there and nobody else made it: settle
//! reconcile_conflicts          something of another identity's is in the way: reconcile_under_other_ids
//!   └─ reconcile_under_other_ids  by their ids at Clerk: reconcile_by_clerk_id; else by an address: settle; otherwise rejected
//!        └─ reconcile_by_clerk_id  are they there under the ids that they have at Clerk: reconcile_under
//! reconcile_under_earlier_ids  the target is known to have them under an earlier external id: reconcile_under
//!   └─ reconcile_under              those who are there under these external ids: settle
//!        └─ settle (in `reconcile/settle.rs`)  `end` compares, and leaves, updates or rejects; then, what is known of names and ids from now on
//!             └─ change (in `reconcile/change.rs`)  asks for the change, again and again if it may pass
//! ```
//!
//! What was settled before an error is in the settlement all the same, and is reported: it was done.

mod change;
mod settle;

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::OnExisting;
use super::batch::Batch;
use super::refusal::{conflict, external_id_taken, of_organization, says_organization};
use super::settlement::Settlement;
use super::success_clock::{SuccessClock, SuccessTime};
use crate::destination::{Comparable, Destination, ItemError, RunMark, TargetError};
use crate::journal::ConfirmedRecord;
use crate::mapping::Rejection;

/// Settles items of a batch that exist already.
pub(super) struct Reconciler<'a> {
    pub destination: &'a dyn Destination,
    pub batch: &'a Batch,
    pub rule: OnExisting,
    /// What this run puts on what it creates; nothing if it was begun by a version that did not, and so has no proof.
    pub mark: Option<&'a RunMark>,
    /// Goes on with each change that the destination answers, of all senders.
    pub changes: &'a SuccessClock,
    /// When that was the time at which the batch was begun with.
    pub since: SuccessTime,
}

impl Reconciler<'_> {
    /// Settles the items with these indices, whose external ids are there.
    pub(super) async fn reconcile(&self, existing: &[usize], settlement: &mut Settlement) -> Result<(), TargetError> {
        let mut strangers = Vec::new();
        let mut rest = existing;
        while !rest.is_empty() {
            let ids: Vec<&str> = rest.iter().map(|&index| &*self.batch.items[index].external_id).collect();
            let (count, body) = self.destination.find(&ids).await?;
            let (page, further) = rest.split_at(count);
            rest = further;
            let found = Comparable::by_external_id(self.destination.read_found(&body));
            for &index in page {
                let encoded = self.batch.item_body(&self.batch.items[index]);
                let sent = self.destination.read_sent(&encoded).unwrap_or_default();
                let found = found.get(&*self.batch.items[index].external_id);
                if let Some(other) = found.filter(|found| sent.is_same_person(found) == Some(false)) {
                    strangers.push((index, of_organization(external_id_taken(), &sent, other)));
                } else {
                    self.settle(index, found, settlement).await?;
                }
            }
        }
        self.reconcile_under_other_ids(strangers, settlement).await
    }

    /// Settles an item that may be there, though no answer says so. Nothing if it is not there, or if somebody else made what is there:
    /// then this run did nothing for it. Who made a role tuple nobody can know; that it is there is what counts.
    pub(super) async fn reconcile_unanswered(&self, index: usize) -> Result<Option<Settlement>, TargetError> {
        let item = &self.batch.items[index];
        let (_, body) = self.destination.find(&[&item.external_id]).await?;
        let found = Comparable::by_external_id(self.destination.read_found(&body));
        let encoded = self.batch.item_body(item);
        let sent = self.destination.read_sent(&encoded).unwrap_or_default();
        let is_settled = |found: &&Comparable<'_>| {
            self.is_own(&sent, found) || !sent.has_mark() && sent.is_same_person(found) != Some(false)
        };
        let Some(found) = found.get(&*item.external_id).filter(is_settled) else { return Ok(None) };
        let mut settlement = Settlement::default();
        self.settle(index, Some(found), &mut settlement).await?;
        Ok(Some(settlement))
    }

    /// Settles the items whose people are known to be there under earlier external ids. Returns the items that are left: all others,
    /// and those whose people are not there any more.
    pub(super) async fn reconcile_under_earlier_ids(
        &self,
        settlement: &mut Settlement,
    ) -> Result<Vec<usize>, TargetError> {
        let items = self.batch.items.iter().enumerate();
        let earlier_ids: Vec<(usize, String)> =
            items.filter_map(|(index, item)| Some((index, item.earlier.as_deref()?.to_owned()))).collect();
        let settled = self.reconcile_under(&earlier_ids, settlement).await?;
        // Under their earlier ids the others are not there any more: should such an id come back, the destination is asked.
        let gone = earlier_ids.iter().filter(|(index, _)| !settled.contains(index));
        settlement.confirmed.extend(gone.map(|(_, id)| ConfirmedRecord::nothing(id)));
        Ok((0..self.batch.items.len()).filter(|index| !settled.contains(index)).collect())
    }

    /// Settles items that something of another identity's stood in the way of.
    pub(super) async fn reconcile_conflicts(
        &self,
        conflicts: Vec<(usize, ItemError)>,
        settlement: &mut Settlement,
    ) -> Result<(), TargetError> {
        let rejected = conflicts.into_iter().map(|(index, error)| (index, conflict(error))).collect();
        self.reconcile_under_other_ids(rejected, settlement).await
    }

    /// Settles items whose users may be there under another external id, for they had another one at Clerk when they were
    /// imported, or none. Those who are not found are rejected.
    async fn reconcile_under_other_ids(
        &self,
        unless_found: Vec<(usize, Rejection)>,
        settlement: &mut Settlement,
    ) -> Result<(), TargetError> {
        let settled = self.reconcile_by_clerk_id(&unless_found, settlement).await?;
        for (index, rejection) in unless_found.into_iter().filter(|(index, _)| !settled.contains(index)) {
            let encoded = self.batch.item_body(&self.batch.items[index]);
            let sent = self.destination.read_sent(&encoded).unwrap_or_default();
            let answer = self.destination.find_person(&sent).await?;
            let found = answer.as_ref().map(|answer| self.destination.read_found(answer)).unwrap_or_default();
            let is_known =
                |found: &&Comparable<'_>| self.is_own(&sent, found) || self.was_imported_earlier(&sent, found);
            if let Some(known) = found.iter().find(is_known) {
                self.settle(index, Some(known), settlement).await?;
                continue;
            }
            let has_same =
                |found: &&Comparable<'_>| sent.addresses().any(|(field, value)| found.has_address(field, value));
            let rejection = match found.iter().find(has_same) {
                Some(other) if !says_organization(&rejection) => of_organization(rejection, &sent, other),
                _ => rejection,
            };
            settlement.rejected.push((index, rejection));
        }
        Ok(())
    }

    /// Settles those of them who are there under the id that they have at Clerk, as who had no external id there was imported.
    /// Returns which they are.
    async fn reconcile_by_clerk_id(
        &self,
        unless_found: &[(usize, Rejection)],
        settlement: &mut Settlement,
    ) -> Result<BTreeSet<usize>, TargetError> {
        let clerk_id = |index: usize| {
            let encoded = self.batch.item_body(&self.batch.items[index]);
            let sent = self.destination.read_sent(&encoded)?;
            sent.clerk_id().filter(|id| sent.external_id.as_ref() != Some(id)).map(Cow::into_owned)
        };
        let clerk_ids: Vec<_> =
            unless_found.iter().filter_map(|(index, _)| Some((*index, clerk_id(*index)?))).collect();
        self.reconcile_under(&clerk_ids, settlement).await
    }

    /// Settles those of these items whose people are there under the external ids beside them. Returns which they are.
    async fn reconcile_under(
        &self,
        external_ids: &[(usize, String)],
        settlement: &mut Settlement,
    ) -> Result<BTreeSet<usize>, TargetError> {
        let (mut settled, mut rest) = (BTreeSet::new(), external_ids);
        while !rest.is_empty() {
            let ids: Vec<&str> = rest.iter().map(|(_, id)| id.as_str()).collect();
            let (count, body) = self.destination.find(&ids).await?;
            let (page, further) = rest.split_at(count);
            rest = further;
            let found = Comparable::by_external_id(self.destination.read_found(&body));
            for (index, id) in page {
                let encoded = self.batch.item_body(&self.batch.items[*index]);
                let sent = self.destination.read_sent(&encoded).unwrap_or_default();
                if let Some(found) = found.get(id.as_str()).filter(|found| self.was_imported_earlier(&sent, found)) {
                    self.settle(*index, Some(found), settlement).await?;
                    settled.insert(*index);
                }
            }
        }
        Ok(settled)
    }

    /// Whether this run created it for this very record, whatever came of the answer.
    fn is_own(&self, sent: &Comparable<'_>, found: &Comparable<'_>) -> bool {
        self.mark.is_some() && found.has_mark_of(sent)
    }

    /// Whether it is the same person, imported earlier. Whom this run created is another record of the same input.
    fn was_imported_earlier(&self, sent: &Comparable<'_>, found: &Comparable<'_>) -> bool {
        sent.is_same_person(found) == Some(true) && !self.mark.is_some_and(|mark| found.is_marked_by(mark))
    }
}
