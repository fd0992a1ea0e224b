//! A batch that was answered: what became of each item, and what is left to be sent again.

use super::pending_batch::PendingBatch;
use super::round::{NextRound, RoundFacts, next_round};
use super::sender_context::{Remaining, SOON, SenderContext};
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
        let SortedResults { settlement, existing, conflicts, to_retry, no_access } =
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
        if to_retry.is_empty() { Remaining::Batches(Vec::new()) } else { self.send_again(to_retry).await }
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
            context.settled_sender.send(self.pending, reconciler.reconcile(existing).await?, None).await;
        }
        if !conflicts.is_empty() {
            context
                .settled_sender
                .send(self.pending, reconciler.reconcile_conflicts(conflicts).await?, request_id)
                .await;
        }
        Ok(())
    }

    /// Leaves some items to be sent again after a while.
    async fn send_again(&self, items: Vec<usize>) -> Remaining {
        let Self { context, pending, watched_since } = self;
        let RetryBudget { attempts, longest, .. } = context.budget();
        let mut backoff = Backoff::new(&context.budget(), fastrand::Rng::new());
        let mut delay = backoff.nth(pending.round as usize).unwrap_or(longest);
        let next = next_round(RoundFacts {
            is_alone: items.len() == 1,
            is_last_round: pending.round + 1 >= attempts,
            others_succeed: context.successes.now() > *watched_since,
            is_failing: context.is_failing(),
        });
        let retried = |items: Vec<usize>| pending.retry_items(items, Some(*watched_since));
        let parts = match next {
            NextRound::GiveUp => {
                let reason = "it keeps failing on every user".to_owned();
                return context
                    .stop_with(TargetError::Unreachable { target: context.destination().name(), reason })
                    .await;
            }
            NextRound::Together => vec![retried(items)],
            NextRound::EachAlone => items.into_iter().map(|item| retried(vec![item])).collect(),
            NextRound::AfterAsking => {
                let mut alone = retried(items);
                let answers_probe = context.answers_probe().await;
                alone.probes.note_answer(answers_probe);
                delay = if answers_probe { SOON } else { delay };
                vec![alone]
            }
        };
        if context.pause(delay).await { Remaining::Batches(parts) } else { Remaining::Stop }
    }
}
