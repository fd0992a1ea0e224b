//! Identities that are at the target already: read back, compared, and left, updated or rejected as was asked.
//!
//! One that carries the mark of this very run is the run's own, no matter which answer got lost: it counts as created. Any other
//! one is not, even if the run tried to create it; so says an answer of `exists` to the batch's own key,
//! and without a mark there is no proof of the contrary. See [`RunMark`].
//!
//! ```text
//! reconcile            their external ids are there: settle; where they are other people's: reconcile_elsewhere
//! reconcile_conflicts  something of another identity's is in the way: reconcile_elsewhere
//!   └─ reconcile_elsewhere  are they there under their ids at Clerk: reconcile_under; or by an address: settle; otherwise rejected
//! reconcile_renamed    the target is known to have them under another external id: reconcile_under
//!   └─ reconcile_under      those who are there under these external ids: settle
//!        └─ settle            `end` compares, and leaves, updates or rejects; then, what is known of names and ids from now on
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::OnExisting;
use super::batch::Batch;
use super::item::BatchItem;
use super::refusal::{change_conflict, conflict, exists, external_id_taken, invalid, other_organization};
use super::settlement::Settlement;
use crate::destination::{
    Change, Changed, Comparable, Destination, Field, ItemError, ItemErrorKind, RunMark, TargetError,
};
use crate::journal::{ConfirmedUser, Identified, RecordOutcome, Settled};
use crate::mapping::{Notice, Rejection};

/// Settles items of a batch that exist already.
pub(super) struct Reconciler<'a> {
    pub destination: &'a dyn Destination,
    pub batch: &'a Batch,
    pub rule: OnExisting,
    /// What this run puts on what it creates; nothing if it was begun by a version that did not, and so has no proof.
    pub mark: Option<&'a RunMark>,
}

/// How an existing identity ends.
enum End {
    /// Settled, and what is known of it from now on, if that is another thing than before.
    Settled { outcome: RecordOutcome, differs: bool, confirmed: Option<ConfirmedUser> },
    /// Rejected.
    Rejected(Rejection),
}

impl Reconciler<'_> {
    /// Settles the items with these indices, whose external ids are there.
    pub(super) async fn reconcile(&self, existing: &[usize]) -> Result<Settlement, TargetError> {
        let (mut settlement, mut strangers) = (Settlement::default(), Vec::new());
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
                    self.settle(index, found, &mut settlement).await?;
                }
            }
        }
        self.reconcile_elsewhere(strangers, &mut settlement).await?;
        Ok(settlement)
    }

    /// Settles the items whose people are known to be there under other external ids. Returns what became of them, and the items that
    /// are left: all others, and those whose people are not there any more.
    pub(super) async fn reconcile_renamed(&self) -> Result<(Settlement, Vec<usize>), TargetError> {
        let mut settlement = Settlement::default();
        let items = self.batch.items.iter().enumerate();
        let renamed: Vec<(usize, String)> =
            items.filter_map(|(index, item)| Some((index, item.earlier.as_deref()?.to_owned()))).collect();
        let settled = self.reconcile_under(&renamed, &mut settlement).await?;
        let left = (0..self.batch.items.len()).filter(|index| !settled.contains(index)).collect();
        Ok((settlement, left))
    }

    /// Settles items that something of another identity's stood in the way of.
    pub(super) async fn reconcile_conflicts(
        &self,
        conflicts: Vec<(usize, ItemError)>,
    ) -> Result<Settlement, TargetError> {
        let mut settlement = Settlement::default();
        let rejected = conflicts.into_iter().map(|(index, error)| (index, conflict(error))).collect();
        self.reconcile_elsewhere(rejected, &mut settlement).await?;
        Ok(settlement)
    }

    /// Settles items whose users may be there under another external id, for they had another one at Clerk when they were
    /// imported, or none. Those who are not are rejected.
    async fn reconcile_elsewhere(
        &self,
        rejected: Vec<(usize, Rejection)>,
        settlement: &mut Settlement,
    ) -> Result<(), TargetError> {
        let settled = self.reconcile_by_clerk_id(&rejected, settlement).await?;
        for (index, rejection) in rejected.into_iter().filter(|(index, _)| !settled.contains(index)) {
            let encoded = self.batch.item_body(&self.batch.items[index]);
            let sent = self.destination.read_sent(&encoded).unwrap_or_default();
            let answer = self.destination.find_person(&sent).await?;
            let found = answer.as_ref().map(|answer| self.destination.read_found(answer)).unwrap_or_default();
            if let Some(earlier) = found.iter().find(|found| self.is_earlier(&sent, found)) {
                self.settle(index, Some(earlier), settlement).await?;
                continue;
            }
            let has_same =
                |found: &&Comparable<'_>| sent.addresses().any(|(field, value)| found.has_address(field, value));
            let rejection = match found.iter().find(has_same) {
                Some(other) if !rejection.message.contains(OF_ORGANIZATION) => of_organization(rejection, &sent, other),
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
        rejected: &[(usize, Rejection)],
        settlement: &mut Settlement,
    ) -> Result<BTreeSet<usize>, TargetError> {
        let clerk_id = |index: usize| {
            let encoded = self.batch.item_body(&self.batch.items[index]);
            let sent = self.destination.read_sent(&encoded)?;
            sent.clerk_id().filter(|id| sent.external_id.as_ref() != Some(id)).map(Cow::into_owned)
        };
        let clerk_ids: Vec<_> = rejected.iter().filter_map(|(index, _)| Some((*index, clerk_id(*index)?))).collect();
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
                if let Some(found) = found.get(id.as_str()).filter(|found| self.is_earlier(&sent, found)) {
                    self.settle(*index, Some(found), settlement).await?;
                    settled.insert(*index);
                }
            }
        }
        Ok(settled)
    }

    /// Whether it is the same person, imported earlier. Whom this run created is another record of the same input.
    fn is_earlier(&self, sent: &Comparable<'_>, found: &Comparable<'_>) -> bool {
        sent.is_same_person(found) == Some(true) && !self.mark.is_some_and(|mark| found.is_marked_by(mark))
    }

    /// Settles an item by what was found, and notes what is known of it from now on.
    async fn settle(
        &self,
        index: usize,
        found: Option<&Comparable<'_>>,
        settlement: &mut Settlement,
    ) -> Result<(), TargetError> {
        let item = &self.batch.items[index];
        let end = self.end(item, found).await?;
        let is_updated = matches!(end, End::Settled { outcome: RecordOutcome::Updated, .. });
        if let Some(found) = found {
            settlement.confirmed.extend(of_earlier_name(item, found, is_updated));
            settlement.identified.extend(self.identified(item, found, is_updated));
        }
        match end {
            End::Settled { outcome, differs, confirmed } => settlement.settled(item, outcome, differs, confirmed),
            End::Rejected(rejection) => settlement.rejected.push((index, rejection)),
        }
        Ok(())
    }

    /// The id of one that is there, and the external id that goes with it. Nothing of a membership that is left with another role: it
    /// is not one that roles are granted for.
    fn identified(&self, item: &BatchItem, found: &Comparable<'_>, is_updated: bool) -> Option<Identified> {
        // An update gave it the external id that it has at Clerk now.
        let external_id = earlier_name(item, found).filter(|_| !is_updated).unwrap_or(&item.external_id);
        let is_granted = is_updated || self.has_same_role(item, found);
        Some(item.identified(external_id, found.id.as_deref().filter(|_| is_granted)?))
    }

    /// Whether it has the role that it is to have, as far as it has any.
    fn has_same_role(&self, item: &BatchItem, found: &Comparable<'_>) -> bool {
        let body = self.batch.item_body(item);
        let sent = self.destination.read_sent(&body).unwrap_or_default();
        sent.role.is_none() || found.has_role(sent.role.as_deref(), sent.own_role().as_deref())
    }

    /// How an item ends, by comparing it with what was found; it is updated if that was asked for.
    async fn end(&self, item: &BatchItem, found: Option<&Comparable<'_>>) -> Result<End, TargetError> {
        let body = self.batch.item_body(item);
        let (Some(sent), Some(found)) = (self.destination.read_sent(&body), found) else {
            return Ok(self.hidden(item));
        };
        let id = found.id.as_deref();
        let differs = !sent.differences(found).is_empty();
        // What is known of it from before is not true any more, or never was.
        let confirmed =
            id.map(|id| if differs { ConfirmedUser::nothing(&item.external_id) } else { item.confirmed(id) });
        // Another record of the same input may have been created under this external id: that one counts as created already.
        if self.mark.is_some() && found.has_mark_of(&sent) {
            // What somebody changed since then is theirs to decide, as if the answer had come.
            let outcome =
                RecordOutcome::Created { external_id: item.external_id.to_string(), id: id.map(str::to_owned) };
            return Ok(End::Settled { outcome, differs, confirmed });
        }
        if is_elsewhere(&sent, found) {
            return Ok(End::Rejected(of_organization(other_organization(), &sent, found)));
        }
        let fields = sent.changes(found);
        match (self.rule, id) {
            (OnExisting::Fail, _) => Ok(End::Rejected(exists())),
            (OnExisting::Update, Some(id)) if !fields.is_empty() => {
                // A password that is missing is not changed.
                let differs = !sent.differences(found).iter().all(|field| field.is_changeable());
                self.update(item, (id, &fields), differs).await
            }
            _ => Ok(End::Settled { outcome: RecordOutcome::Unchanged, differs, confirmed }),
        }
    }

    /// How one ends that was there a moment ago: it may be gone or hidden, but it is not what the export says.
    fn hidden(&self, item: &BatchItem) -> End {
        match self.rule {
            OnExisting::Fail => End::Rejected(exists()),
            _ => End::Settled {
                outcome: RecordOutcome::Unchanged,
                differs: true,
                confirmed: Some(ConfirmedUser::nothing(&item.external_id)),
            },
        }
    }

    /// Changes these fields of the identity with this id. `differs` says whether it is not as exported afterwards.
    async fn update(
        &self,
        item: &BatchItem,
        (id, fields): (&str, &[Field]),
        differs: bool,
    ) -> Result<End, TargetError> {
        let body = self.batch.item_body(item);
        // Changing an identity does not make it the run's own.
        let encoded = self.mark.map_or_else(|| body.to_vec(), |mark| mark.taken_off(&body));
        let change = Change { id, encoded: &encoded, fields, disabled: item.disabled };
        Ok(match self.destination.change(&change).await? {
            Changed::Updated => {
                let confirmed = if differs { ConfirmedUser::nothing(&item.external_id) } else { item.confirmed(id) };
                End::Settled { outcome: RecordOutcome::Updated, differs, confirmed: Some(confirmed) }
            }
            Changed::Refused(error) if error.kind == ItemErrorKind::Conflict => {
                End::Rejected(change_conflict(with_field(error, fields)))
            }
            Changed::Refused(error) => End::Rejected(invalid(error)),
        })
    }
}

/// The external id under which it was found, if that is not the one that it has at Clerk now.
fn earlier_name<'f>(item: &BatchItem, found: &'f Comparable<'_>) -> Option<&'f str> {
    found.external_id.as_deref().filter(|id| **id != *item.external_id)
}

/// What is known from now on under the external id that it had before, if it was found under another one: an update renamed it, and
/// otherwise nothing.
fn of_earlier_name(item: &BatchItem, found: &Comparable<'_>, is_updated: bool) -> Option<ConfirmedUser> {
    let earlier = earlier_name(item, found)?;
    Some(match found.id.as_deref().filter(|_| is_updated) {
        Some(id) => ConfirmedUser::renamed(earlier, &item.external_id, id),
        None => ConfirmedUser::nothing(earlier),
    })
}

impl Settlement {
    fn settled(&mut self, item: &BatchItem, outcome: RecordOutcome, differs: bool, confirmed: Option<ConfirmedUser>) {
        let mut notices = item.notices;
        if differs {
            notices.add(Notice::DiffersAtTarget);
        }
        self.records.push(Settled { key: item.key(), outcome, notices: notices.bits() });
        self.confirmed.extend(confirmed);
    }
}

/// How a rejection begins to say which organization the other identity is in.
const OF_ORGANIZATION: &str = "the other identity is in ";

/// A rejection because of another identity, which says in which organization that is, if users go into one: several instances
/// of Clerk can share a target, and somebody can be in two of them.
fn of_organization(rejection: Rejection, sent: &Comparable<'_>, other: &Comparable<'_>) -> Rejection {
    if sent.organization_id.is_none() {
        return rejection;
    }
    let organization = match other.organization_id.as_deref() {
        Some(id) if is_plain_id(id) => format!("organization {id}"),
        Some(_) => "another organization".to_owned(),
        None => "no organization".to_owned(),
    };
    Rejection { message: format!("{}; {OF_ORGANIZATION}{organization}", rejection.message), ..rejection }
}

/// Whether an identity is in another organization than the one that the users go into. It is never taken out of that.
fn is_elsewhere(sent: &Comparable<'_>, found: &Comparable<'_>) -> bool {
    let organizations = sent.organization_id.as_deref().zip(found.organization_id.as_deref());
    organizations.is_some_and(|(ours, theirs)| ours != theirs)
}

/// Whether an id of the target's may stand in a message.
fn is_plain_id(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// A destination need not say which field stood in the way of a change; if only one can, it is that one.
fn with_field(error: ItemError, changed: &[Field]) -> ItemError {
    let mut unique = changed.iter().copied().filter(|field| field.is_unique());
    match (&error.field, unique.next(), unique.next()) {
        (None, Some(only), None) => ItemError { field: Some(only.name().to_owned()), taken: Some(only), ..error },
        _ => error,
    }
}
