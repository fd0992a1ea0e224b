//! Asks for a change until it is made, or refused for good.
//!
//! An answer may say of the one identity that its error may pass: then the destination is asked anew, for what it answered to one
//! request it would answer to the same one for ever. Or it does not answer, however often the same request is repeated: then it is
//! the fault of the identity if the destination answers probes.

use tokio::time::{Instant, sleep};

use super::Reconciler;
use crate::delivery::blame::{Probes, SOON, answers_probe};
use crate::delivery::item::BatchItem;
use crate::delivery::round::{NextRound, RoundFacts, next_round};
use crate::destination::{Change, Changed, ItemError, ItemErrorKind, TargetError};
use crate::kind::Kind;
use crate::pace::{Backoff, RetryBudget};

/// After so many failures the target is asked whether it is its own fault. The other changes of a batch wait meanwhile.
const SOON_DOUBTED: u32 = 5;

/// What was tried with one change.
struct ChangeTries {
    failed: u32,
    probes: Probes,
    /// Since when nothing was answered well.
    failing_since: Instant,
}

impl Reconciler<'_> {
    /// Makes a change. If it comes back refused with an error that may pass, that is the fault of the identity.
    pub(super) async fn change(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let RetryBudget { attempts, longest, .. } = self.destination.budget();
        // That is several requests, and a member may have no role in between: the run stops, and goes on there.
        let kind = self.batch.items.first().map(BatchItem::kind);
        let takes_role_back = matches!(kind, Some(Kind::Membership | Kind::RoleTuple));
        let mut usual = Backoff::new(&self.destination.budget(), fastrand::Rng::new());
        let mut tries = ChangeTries { failed: 0, probes: Probes::default(), failing_since: Instant::now() };
        loop {
            // What came of it, should it be the fault of the identity; and why the run stops, should it be the destination's.
            let (refused, stop) = match self.destination.change(change).await {
                Ok(Changed::Refused(error)) if error.kind == ItemErrorKind::NoAccess => {
                    return Err(self.destination.no_access_error(&error));
                }
                Ok(Changed::Refused(error)) if error.kind == ItemErrorKind::Transient => {
                    tries.failed += 1;
                    (error, None)
                }
                Err(error @ TargetError::Unreachable { may_be_of_record: true, .. }) if !takes_role_back => {
                    tries.failed += attempts;
                    (ItemError::default(), Some(error))
                }
                Ok(changed) => {
                    self.changes.tick();
                    return Ok(changed);
                }
                Err(error) => return Err(error),
            };
            let wait = match (self.next_try(&mut tries).await, stop) {
                (NextRound::Reject, _) => {
                    self.changes.note_by_probes();
                    return Ok(Changed::Refused(refused));
                }
                (NextRound::Together { soon: true }, _) => SOON,
                (_, Some(stop)) => return Err(stop),
                (NextRound::GiveUp, None) => {
                    let reason = "it keeps failing on every change".to_owned();
                    return Err(TargetError::Unreachable {
                        target: self.destination.name(),
                        reason,
                        may_be_of_record: false,
                    });
                }
                _ => usual.next().unwrap_or(longest),
            };
            sleep(wait).await;
        }
    }

    /// What to do after a change failed once more.
    async fn next_try(&self, tries: &mut ChangeTries) -> NextRound {
        let next = next_round(self.facts(tries, None));
        if next != NextRound::Ask {
            return next;
        }
        let is_well = answers_probe(self.destination).await;
        tries.probes.note_answer(is_well);
        if is_well {
            tries.failing_since = Instant::now();
        }
        next_round(self.facts(tries, Some(is_well)))
    }

    /// All that the decision about a change depends on.
    fn facts(&self, tries: &ChangeTries, answers_probe: Option<bool>) -> RoundFacts {
        let RetryBudget { total, .. } = self.destination.budget();
        RoundFacts {
            is_alone: true,
            is_last_round: tries.failed >= SOON_DOUBTED,
            others_succeed: self.changes.now() > self.since,
            may_go_by_probes: self.changes.may_go_by_probes(),
            is_failing: tries.failing_since.elapsed() > total,
            was_asked: tries.probes.were_asked(),
            answers_probe,
            is_blamed: tries.probes.is_user_to_blame(tries.failed),
        }
    }
}
