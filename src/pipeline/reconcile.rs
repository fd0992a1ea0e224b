//! Identities that are at the target already: read back, compared, and left, updated or rejected as was asked.

use super::batch::{Batch, Item};
use super::refusal::{conflict, invalid};
use super::settlement::Settlement;
use crate::avnology::{Change, Changed, Comparable, Field, ItemDecision, MAX_PAGE, Paced, TargetError, decide_item};
use crate::journal::{Known, Outcome, Settled};
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

/// Settles items of a batch that exist already.
pub(super) struct Reconciler<'a> {
    pub target: &'a Paced,
    pub batch: &'a Batch,
    pub rule: OnExisting,
    /// For a batch that was sent before and may have been carried out: what was created since then is the run's own,
    /// although the target forgot the idempotency key.
    pub ours_since: Option<jiff::Timestamp>,
}

/// How an existing identity ends.
enum End {
    /// Settled, and what is known of it from now on, if that is another thing than before.
    Settled { outcome: Outcome, differs: bool, known: Option<Known> },
    /// Rejected.
    Rejected(Rejection),
}

impl Reconciler<'_> {
    /// Settles the items with these indices.
    pub(super) async fn reconcile(&self, existing: &[usize]) -> Result<Settlement, TargetError> {
        let mut settlement = Settlement::default();
        let mut rest = existing;
        while !rest.is_empty() {
            let ids = rest.iter().take(MAX_PAGE).map(|&index| &*self.batch.items[index].external_id);
            let (count, body) = self.target.read_some(&ids.collect::<Vec<&str>>()).await?;
            let (page, further) = rest.split_at(count);
            rest = further;
            let found = Comparable::by_external_id(std::slice::from_ref(&body));
            for &index in page {
                let item = &self.batch.items[index];
                match self.settle(item, found.get(&*item.external_id)).await? {
                    End::Settled { outcome, differs, known } => settlement.settled(item, outcome, differs, known),
                    End::Rejected(rejection) => settlement.rejected.push((index, rejection)),
                }
            }
        }
        Ok(settlement)
    }

    async fn settle(&self, item: &Item, found: Option<&Comparable<'_>>) -> Result<End, TargetError> {
        let body = self.batch.item_body(item);
        let (Some(sent), Some(found)) = (Comparable::sent(&body), found) else {
            // It was there a moment ago: whatever is going on, it is not what the export says.
            return Ok(match self.rule {
                OnExisting::Fail => End::Rejected(exists()),
                _ => End::Settled {
                    outcome: Outcome::Unchanged,
                    differs: true,
                    known: Some(Known::nothing(&item.external_id)),
                },
            });
        };
        if sent.is_somebody_else(found) {
            let message = "another Clerk user with this external id is at the target already";
            return Ok(End::Rejected(Rejection::of_field(RejectCode::ExternalIdTaken, "external_id", message)));
        }
        let differences = sent.differences(found);
        let id = found.id.as_deref();
        let differs = !differences.is_empty();
        // What is known of it from before is not true any more, or never was.
        let known = id.map(|id| if differs { Known::nothing(&item.external_id) } else { item.known(id) });
        // Undoing deletes what is the run's own, so it has to be exactly what was sent.
        if !differs && self.ours_since.is_some_and(|moment| found.is_created_since(moment)) {
            let outcome = Outcome::Created { external_id: item.external_id.to_string(), id: id.map(str::to_owned) };
            return Ok(End::Settled { outcome, differs, known });
        }
        let fields: Vec<Field> = differences.iter().copied().filter(|field| field.mask().is_some()).collect();
        let id = match (self.rule, id) {
            (OnExisting::Fail, _) => return Ok(End::Rejected(exists())),
            (OnExisting::Update, Some(id)) if !fields.is_empty() => id,
            _ => {
                return Ok(End::Settled { outcome: Outcome::Unchanged, differs, known });
            }
        };
        let change = Change { id, encoded: &body, fields: &fields, disabled: item.disabled };
        // A password that is missing is not changed.
        let differs = fields.len() < differences.len();
        Ok(match self.target.change(&change).await? {
            Changed::Updated => {
                let known = if differs { Known::nothing(&item.external_id) } else { item.known(id) };
                End::Settled { outcome: Outcome::Updated, differs, known: Some(known) }
            }
            Changed::Refused(error) if decide_item(&error) == ItemDecision::Conflict => End::Rejected(conflict(error)),
            Changed::Refused(error) => End::Rejected(invalid(error)),
        })
    }
}

impl Settlement {
    fn settled(&mut self, item: &Item, outcome: Outcome, differs: bool, known: Option<Known>) {
        let mut notices = item.notices;
        if differs {
            notices.add(Notice::DiffersAtTarget);
        }
        self.records.push(Settled { key: item.key(), outcome, notices: notices.bits() });
        self.known.extend(known);
    }
}

fn exists() -> Rejection {
    let message = "an identity with this external id is at the target already (--on-existing fail)";
    Rejection::of_record(RejectCode::AlreadyExists, message)
}
