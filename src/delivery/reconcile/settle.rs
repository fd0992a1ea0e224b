//! How an item ends whose identity may be at the target already: compared with what was found there, and left, updated or rejected.

use super::Reconciler;
use crate::delivery::OnExisting;
use crate::delivery::item::BatchItem;
use crate::delivery::refusal::{change_conflict, exists, failing, invalid, of_organization, other_organization};
use crate::delivery::settlement::Settlement;
use crate::destination::{Change, Changed, Comparable, Field, ItemError, ItemErrorKind, TargetError};
use crate::journal::{ConfirmedRecord, Identified, RecordOutcome, Settled};
use crate::mapping::{Notice, Rejection};

/// How an existing identity ends.
enum End {
    /// Settled, and what is known of it from now on, if that is another thing than before.
    Settled { outcome: RecordOutcome, differs: bool, confirmed: Option<ConfirmedRecord> },
    /// Rejected.
    Rejected(Rejection),
}

impl Reconciler<'_> {
    /// Settles an item by what was found, and notes what is known of it from now on.
    pub(super) async fn settle(
        &self,
        index: usize,
        found: Option<&Comparable<'_>>,
        settlement: &mut Settlement,
    ) -> Result<(), TargetError> {
        let item = &self.batch.items[index];
        let end = self.end(item, found).await?;
        let is_updated = matches!(end, End::Settled { outcome: RecordOutcome::Updated, .. });
        if let Some(found) = found {
            settlement.confirmed.extend(of_earlier_external_id(item, found, is_updated));
            settlement.confirmed.extend(self.role_taken_back(item, found));
            settlement.identified.extend(self.identified(item, found, is_updated));
        }
        match end {
            End::Settled { outcome, differs, confirmed } => settlement.settled(item, outcome, differs, confirmed),
            End::Rejected(rejection) => settlement.rejected.push((index, rejection)),
        }
        Ok(())
    }

    /// Under which id and external id the target has the item. Nothing if it is a membership that is left with another role: roles
    /// would be granted for it by its id.
    fn identified(&self, item: &BatchItem, found: &Comparable<'_>, is_updated: bool) -> Option<Identified> {
        // An update gave it the external id that it has at Clerk now.
        let external_id = earlier_external_id(item, found).filter(|_| !is_updated).unwrap_or(&item.external_id);
        let is_granted = is_updated || self.has_same_role(item, found);
        Some(item.identified(external_id, found.id.as_deref().filter(|_| is_granted)?))
    }

    /// That the role tuple of a membership that was to get another role may not be there any more: should the role come back in a later
    /// export, it is granted again.
    fn role_taken_back(&self, item: &BatchItem, found: &Comparable<'_>) -> Option<ConfirmedRecord> {
        let tuple = self.destination.tuple_of(found)?;
        let is_kept = self.rule != OnExisting::Update || self.has_same_role(item, found);
        (!is_kept).then(|| ConfirmedRecord::nothing(&tuple))
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
            return Ok(self.not_found(item));
        };
        let id = found.id.as_deref();
        let differs = !sent.differences(found).is_empty();
        // What is known of it from before is not true any more, or never was.
        let confirmed =
            id.map(|id| if differs { ConfirmedRecord::nothing(&item.external_id) } else { item.confirmed(id) });
        // Another record of the same input may have been created under this external id: that one counts as created already.
        if self.is_own(&sent, found) {
            // What somebody changed since then is theirs to decide, as if the answer had come.
            let outcome =
                RecordOutcome::Created { external_id: item.external_id.to_string(), id: id.map(str::to_owned) };
            return Ok(End::Settled { outcome, differs, confirmed });
        }
        if is_in_other_organization(&sent, found) {
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
    fn not_found(&self, item: &BatchItem) -> End {
        match self.rule {
            OnExisting::Fail => End::Rejected(exists()),
            _ => End::Settled {
                outcome: RecordOutcome::Unchanged,
                differs: true,
                confirmed: Some(ConfirmedRecord::nothing(&item.external_id)),
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
        Ok(match self.change(&change).await? {
            Changed::Updated => {
                let confirmed = if differs { ConfirmedRecord::nothing(&item.external_id) } else { item.confirmed(id) };
                End::Settled { outcome: RecordOutcome::Updated, differs, confirmed: Some(confirmed) }
            }
            Changed::Refused(error) if error.kind == ItemErrorKind::Conflict => {
                End::Rejected(change_conflict(with_field(error, fields)))
            }
            Changed::Refused(error) if error.kind == ItemErrorKind::Transient => End::Rejected(failing(error)),
            Changed::Refused(error) => End::Rejected(invalid(error)),
        })
    }
}

/// The earlier external id under which it was found, if that is not the one that it has at Clerk now.
fn earlier_external_id<'f>(item: &BatchItem, found: &'f Comparable<'_>) -> Option<&'f str> {
    found.external_id.as_deref().filter(|id| **id != *item.external_id)
}

/// What is known from now on under the earlier external id, if it was found under one: that an update gave it another one, and
/// otherwise nothing.
fn of_earlier_external_id(item: &BatchItem, found: &Comparable<'_>, is_updated: bool) -> Option<ConfirmedRecord> {
    let earlier = earlier_external_id(item, found)?;
    Some(match found.id.as_deref().filter(|_| is_updated) {
        Some(id) => ConfirmedRecord::renamed(earlier, &item.external_id, id),
        None => ConfirmedRecord::nothing(earlier),
    })
}

impl Settlement {
    fn settled(&mut self, item: &BatchItem, outcome: RecordOutcome, differs: bool, confirmed: Option<ConfirmedRecord>) {
        let mut notices = item.notices;
        if differs {
            notices.add(Notice::DiffersAtTarget);
        }
        self.at_target.push(Settled { key: item.key(), outcome, notices: notices.bits() });
        self.confirmed.extend(confirmed);
    }
}

/// Whether an identity is in another organization than the one that the users go into. It is never taken out of that.
fn is_in_other_organization(sent: &Comparable<'_>, found: &Comparable<'_>) -> bool {
    let organizations = sent.organization_id.as_deref().zip(found.organization_id.as_deref());
    organizations.is_some_and(|(ours, theirs)| ours != theirs)
}

/// A destination need not say which field stood in the way of a change; if only one can, it is that one.
fn with_field(error: ItemError, changed: &[Field]) -> ItemError {
    let mut unique = changed.iter().copied().filter(|field| field.is_unique());
    match (&error.field, unique.next(), unique.next()) {
        (None, Some(only), None) => ItemError { field: Some(only.name().to_owned()), taken: Some(only), ..error },
        _ => error,
    }
}
