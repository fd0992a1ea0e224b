//! Identities that are at the target already: read back, compared, and left, updated or rejected as was asked.

use std::collections::HashMap;

use super::batch::{Batch, Item};
use super::send::{conflict, invalid};
use crate::avnology::{Change, Changed, Comparable, Field, ItemDecision, MAX_PAGE, Paced, TargetError, decide_item};
use crate::journal::{Outcome, Reject, Settled};
use crate::mapping::{Notice, RejectCode, Rejection};

/// What becomes of a user whose external id is at the target already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnExisting {
    /// Leave it as it is; tell if it differs from the export
    #[default]
    Skip,
    /// Change what differs to what the export says, but never a password
    Update,
    /// Reject the record as `already_exists`
    Fail,
}

/// What came of existing identities.
#[derive(Debug, Default)]
pub(super) struct Reconciled {
    pub records: Vec<Settled>,
    pub rejects: Vec<Reject>,
}

/// Settles the items of a batch that exist already.
pub(super) async fn reconcile(
    target: &Paced,
    batch: &Batch,
    existing: &[usize],
    rule: OnExisting,
) -> Result<Reconciled, TargetError> {
    let mut reconciled = Reconciled::default();
    let items: Vec<&Item> = existing.iter().map(|&index| &batch.items[index]).collect();
    if rule == OnExisting::Fail {
        let message = "an identity with this external id is at the target already (--on-existing fail)";
        let rejection = || Rejection::of_record(RejectCode::AlreadyExists, message);
        reconciled.rejects = items.iter().map(|item| item.reject(rejection())).collect();
        return Ok(reconciled);
    }
    let at = Reconciler { target, batch, rule };
    for page in items.chunks(MAX_PAGE) {
        let ids: Vec<&str> = page.iter().map(|item| &*item.external_id).collect();
        let bodies = target.read_back(&ids).await?;
        let listed: Vec<Comparable<'_>> =
            bodies.iter().filter_map(|body| Comparable::listed(body)).flat_map(|(found, _)| found).collect();
        let found: HashMap<&str, &Comparable<'_>> =
            listed.iter().filter_map(|identity| Some((identity.external_id.as_deref()?, identity))).collect();
        for item in page {
            match at.settle(item, found.get(&*item.external_id).copied()).await? {
                End::Settled(record) => reconciled.records.push(record),
                End::Rejected(reject) => reconciled.rejects.push(*reject),
            }
        }
    }
    Ok(reconciled)
}

/// How an existing identity ends.
enum End {
    Settled(Settled),
    Rejected(Box<Reject>),
}

struct Reconciler<'a> {
    target: &'a Paced,
    batch: &'a Batch,
    rule: OnExisting,
}

impl Reconciler<'_> {
    async fn settle(&self, item: &Item, found: Option<&Comparable<'_>>) -> Result<End, TargetError> {
        let body = self.batch.item_body(item);
        let differences = match (Comparable::sent(&body), found) {
            (Some(sent), Some(found)) => sent.differences(found),
            // It was there a moment ago: whatever is going on, it is not what the export says.
            _ => vec![Field::Email],
        };
        if let (Some(sent), Some(found)) = (Comparable::sent(&body), found)
            && sent.is_somebody_else(found)
        {
            let message = "another Clerk user with this external id is at the target already";
            let rejection = Rejection::of_field(RejectCode::ExternalIdTaken, "external_id", message);
            return Ok(End::Rejected(Box::new(item.reject(rejection))));
        }
        let settled = |outcome, differs: bool| {
            let mut notices = item.notices;
            if differs {
                notices.add(Notice::DiffersAtTarget);
            }
            End::Settled(Settled { key: item.key(), outcome, notices: notices.bits() })
        };
        let id = found.and_then(|found| found.id.as_deref());
        let fields: Vec<Field> = differences.iter().copied().filter(|field| field.mask().is_some()).collect();
        let (Some(id), OnExisting::Update, false) = (id, self.rule, fields.is_empty()) else {
            return Ok(settled(Outcome::Unchanged, !differences.is_empty()));
        };
        let change = Change { id, encoded: &body, fields: &fields, disabled: item.disabled };
        Ok(match self.target.change(&change).await? {
            Changed::Updated => settled(Outcome::Updated, fields.len() < differences.len()),
            Changed::Refused(error) => {
                let is_conflict = decide_item(&error) == ItemDecision::Conflict;
                End::Rejected(Box::new(item.reject(if is_conflict { conflict(error) } else { invalid(error) })))
            }
        })
    }
}
