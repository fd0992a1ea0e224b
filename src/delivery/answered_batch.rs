//! A batch that was answered: what became of each item, and what is left to be sent again.

use super::blame::{Probes, SOON};
use super::pending_batch::PendingBatch;
use super::refusal::failing;
use super::round::{NextRound, RoundFacts, next_round};
use super::sender_context::{Remaining, SenderContext};
use super::settlement::Settlement;
use super::sorted_results::SortedResults;
use super::success_clock::SuccessTime;
use crate::destination::{CreateResults, ItemError, TargetError};
use crate::pace::{Backoff, RetryBudget};

/// A batch that was answered.
pub(super) struct AnsweredBatch<'a> {
    pub context: &'a SenderContext,
    pub pending: &'a PendingBatch,
    /// Since when it is watched whether others succeed.
    pub watched_since: SuccessTime,
}

impl AnsweredBatch<'_> {
    /// Settles the items; those whose error may pass are left to be sent again.
    pub(super) async fn settle(&self, CreateResults { results, request_id, held_room }: CreateResults) -> Remaining {
        let Self { context, pending, .. } = self;
        let request_id = request_id.as_deref();
        let SortedResults { settlement, existing, conflicts, to_retry, retry_error, no_access } =
            SortedResults::of(pending, results);
        context.settled_sender.send(pending, settlement, request_id).await;
        // The rejects, the long part of what the destination said, are booked by now; reading back needs room for answers again.
        drop(held_room);
        if let Some(error) = no_access {
            return context.stop_with(context.destination().no_access_error(&error)).await;
        }
        if let Err(error) = self.reconcile(&existing, conflicts, request_id).await {
            return context.stop_with(error).await;
        }
        if to_retry.is_empty() {
            return Remaining::Batches(Vec::new());
        }
        self.send_again(to_retry, retry_error, request_id).await
    }

    /// Settles items that are there already, or that something of another identity's is in the way of.
    async fn reconcile(
        &self,
        existing: &[usize],
        conflicts: Vec<(usize, ItemError)>,
        request_id: Option<&str>,
    ) -> Result<(), TargetError> {
        let context = self.context;
        let reconciler = context.reconciler(&self.pending.batch);
        if !existing.is_empty() {
            let mut settlement = Settlement::default();
            let ended = reconciler.reconcile(existing, &mut settlement).await;
            context.settled_sender.send(self.pending, settlement, None).await;
            ended?;
        }
        if !conflicts.is_empty() {
            let mut settlement = Settlement::default();
            let ended = reconciler.reconcile_conflicts(conflicts, &mut settlement).await;
            context.settled_sender.send(self.pending, settlement, request_id).await;
            ended?;
        }
        Ok(())
    }

    /// Leaves some items to be sent again after a while. One that is to blame is rejected with this error.
    async fn send_again(&self, items: Vec<usize>, error: ItemError, request_id: Option<&str>) -> Remaining {
        let Self { context, pending, .. } = self;
        let RetryBudget { longest, .. } = context.budget();
        let usual = || Backoff::new(&context.budget(), fastrand::Rng::new()).nth(pending.round as usize);
        let mut probes = pending.probes;
        let mut next = next_round(self.facts(items.len(), probes, None));
        if next == NextRound::Ask {
            let answers_probe = context.answers_probe().await;
            probes.note_answer(answers_probe);
            next = next_round(self.facts(items.len(), probes, Some(answers_probe)));
        }
        let retried = |items| PendingBatch { probes, ..pending.retry_items(items, Some(self.watched_since)) };
        let (parts, delay) = match next {
            NextRound::Reject => {
                context.successes.note_by_probes();
                let rejected = items.into_iter().map(|item| (item, failing(error.clone()))).collect();
                let settlement = Settlement { rejected, ..Settlement::default() };
                context.settled_sender.send(pending, settlement, request_id).await;
                return Remaining::Batches(Vec::new());
            }
            NextRound::GiveUp => {
                let reason = "it keeps failing on every user".to_owned();
                return context
                    .stop_with(TargetError::Unreachable {
                        target: context.destination().name(),
                        reason,
                        may_be_of_record: false,
                    })
                    .await;
            }
            NextRound::EachAlone => (items.into_iter().map(|item| retried(vec![item])).collect(), usual()),
            NextRound::Together { soon: true } => (vec![retried(items)], Some(SOON)),
            // It has asked by now.
            NextRound::Together { soon: false } | NextRound::Ask => (vec![retried(items)], usual()),
        };
        if context.pause(delay.unwrap_or(longest)).await { Remaining::Batches(parts) } else { Remaining::Stop }
    }

    /// All that the decision about so many items depends on.
    fn facts(&self, items: usize, probes: Probes, answers_probe: Option<bool>) -> RoundFacts {
        let Self { context, pending, watched_since } = self;
        let rounds = pending.round + 1;
        RoundFacts {
            is_alone: items == 1,
            is_last_round: rounds >= context.budget().attempts,
            others_succeed: context.successes.now() > *watched_since,
            may_go_by_probes: context.successes.may_go_by_probes(),
            is_failing: context.is_failing(),
            was_asked: probes.were_asked(),
            answers_probe,
            is_blamed: probes.is_user_to_blame(rounds),
        }
    }
}
