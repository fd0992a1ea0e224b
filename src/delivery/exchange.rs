//! One batch and the destination: the same request again and again, until it is answered or something else has to be tried.

use super::answered_batch::AnsweredBatch;
use super::blame::SOON;
use super::idempotency_key::idempotency_key;
use super::pending_batch::PendingBatch;
use super::refusal::{not_known_to_be_there, rejection_of};
use super::sender_context::{Remaining, SenderContext};
use super::settlement::Settlement;
use super::success_clock::SuccessTime;
use super::tries::Tries;
use super::verdict::{self, Facts, Next, Reason, Suspected, Wait};
use crate::destination::{CreateItem, CreateOutcome, CreateRequest, FailedRequest, Failure, ItemResult};
use crate::outcomes::event::Event;
use crate::pace::{Backoff, BatchControl, Permit, RetryBudget};

/// One batch and what is tried with it.
pub(super) struct Exchange<'a> {
    context: &'a SenderContext,
    pending: &'a PendingBatch,
    tries: Tries,
    /// Its plan is durable.
    is_planned: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(context: &'a SenderContext, pending: &'a PendingBatch, is_planned: bool) -> Self {
        Self { context, pending, tries: Tries::new(context.successes.now()), is_planned }
    }

    /// Sends one request until it is answered.
    pub(super) async fn until_answered(mut self) -> Remaining {
        let (context, pending) = (self.context, self.pending);
        let key = idempotency_key(&context.delivery.run_id, pending);
        let mut backoff = Backoff::new(&context.budget(), fastrand::Rng::new());
        loop {
            // First the turn, then the plan, unless that was made ahead: if the run is stopped while the batch waits for its turn, it
            // is not in doubt. `depart` waits only if the target refused other requests, or failed, while the plan was made durable.
            let Some(mut permit) = context.turn().await else { return Remaining::Stop };
            if !self.is_planned && !context.make_plan_durable(pending).await {
                return Remaining::Stop;
            }
            self.is_planned = true;
            tokio::select! {
                biased;
                () = permit.depart() => {}
                () = context.stop.cancelled() => return Remaining::Stop,
            }
            let sent_before = self.tries.requests > 0 || pending.round > 0 || pending.in_doubt;
            let outcome = self.send(&key, sent_before, permit).await;
            self.tries.requests += 1;
            let throttled = matches!(&outcome, CreateOutcome::Failed(failed) if failed.failure == Failure::Throttled);
            context.send_event(Event::Requested { again: sent_before, throttled }).await;
            let failed = match outcome {
                CreateOutcome::Results(answer) => {
                    let watched_since = self.watched_since();
                    if !answer.results.iter().all(ItemResult::is_transient) {
                        context.successes.tick();
                        context.pace().batch(BatchControl::answered);
                    }
                    return AnsweredBatch { context, pending, watched_since }.settle(answer).await;
                }
                CreateOutcome::Stopped(error) => return context.stop_with(error).await,
                CreateOutcome::Failed(failed) => failed,
            };
            self.tries.may_have_been_applied |= failed.may_have_been_applied;
            let (attempts, items) = (self.tries.attempts, pending.batch.items.len());
            tracing::debug!(failure = ?failed.failure, request = failed.request_id, attempts, items, "not settled");
            let asks_to_wait = failed.retry_after.is_some();
            if let Some(left) = self.decide_next(*failed).await {
                return left;
            }
            // If the destination says how long to wait, the pace holds every request.
            let usual = || (!throttled && !asks_to_wait).then(|| backoff.next()).flatten();
            let own = self.tries.pause.take().or_else(usual);
            if !context.pause(own.unwrap_or_default()).await {
                return Remaining::Stop;
            }
        }
    }

    async fn send(&self, key: &str, sent_before: bool, permit: Permit) -> CreateOutcome {
        let batch = &self.pending.batch;
        let item =
            |item: &'a super::item::BatchItem| CreateItem { external_id: &item.external_id, disabled: item.disabled };
        let request = CreateRequest {
            body: batch.body(),
            items: batch.items.iter().map(item).collect(),
            key,
            sent_before,
            mark: self.context.delivery.mark.as_ref(),
        };
        self.context.destination().create(request, permit).await
    }

    /// Since when it is watched whether others succeed: since this batch is suspect, or else since it was first sent.
    fn watched_since(&self) -> SuccessTime {
        self.pending.suspect_since.unwrap_or(self.tries.first_sent)
    }

    /// What follows from a request that settled nothing; the same again if that is nothing.
    async fn decide_next(&mut self, failed: FailedRequest) -> Option<Remaining> {
        self.tries.note(failed.failure);
        let (pace, batch) = (self.context.pace(), &self.pending.batch);
        match failed.failure {
            Failure::TooLarge => pace.batch(|bounds| bounds.too_large(batch.body().len())),
            Failure::Timeout => pace.batch(|bounds| bounds.too_slow(batch.items.len())),
            _ => {}
        }
        let mut facts = self.facts(&failed);
        let mut next = verdict::next(&facts);
        if next == Next::Ask {
            let answers_probe = self.context.answers_probe().await;
            self.tries.probes.note_answer(answers_probe);
            // Others may have succeeded meanwhile, or been rejected.
            facts = Facts { answers_probe: Some(answers_probe), ..self.facts(&failed) };
            next = verdict::next(&facts);
            if matches!(next, Next::Reject | Next::Halve { .. }) && !facts.others_succeed {
                self.context.successes.note_by_probes();
            }
        }
        self.carry_out(next, failed).await
    }

    /// Whether the destination may have carried out a request with these records, of this run or of an earlier part of it.
    fn may_have_been_applied(&self) -> bool {
        self.pending.in_doubt || self.tries.may_have_been_applied
    }

    /// All that the decision depends on.
    fn facts(&self, failed: &FailedRequest) -> Facts {
        let Self { context, pending, tries, .. } = self;
        let RetryBudget { total, attempts: most_attempts, .. } = context.budget();
        Facts {
            failure: failed.failure,
            wait: match failed.retry_after {
                None => Wait::Unknown,
                Some(wait) if wait > total => Wait::TooLong,
                Some(_) => Wait::Bearable,
            },
            is_alone: pending.batch.items.len() == 1,
            is_suspect: pending.suspect_since.is_some(),
            attempts: tries.attempts,
            most_attempts,
            timeouts: tries.timeouts,
            may_have_been_applied: self.may_have_been_applied(),
            is_explained: failed.is_explained,
            others_succeed: context.successes.now() > self.watched_since(),
            may_go_by_probes: context.successes.may_go_by_probes(),
            is_failing: context.is_failing(),
            can_check: context.destination().can_check(),
            was_asked: tries.probes.were_asked(),
            answers_probe: None,
            is_blamed: tries.probes.is_user_to_blame(tries.attempts),
        }
    }

    /// Does what was decided. Nothing comes back if the same request is to be sent again; otherwise what is left, which
    /// `senders.rs` sends in exchanges of its own, as halves.
    async fn carry_out(&mut self, next: Next, failed: FailedRequest) -> Option<Remaining> {
        let (context, pending) = (self.context, self.pending);
        let watched_since = self.watched_since();
        Some(match next {
            Next::Again { soon } => {
                self.tries.pause = soon.then_some(SOON);
                return None;
            }
            // `decide_next` has asked by now, so this does not come; it would be the same request again.
            Next::Ask => return None,
            // With bounds as they are now it will be split.
            Next::WithinBounds => Remaining::Batches(vec![pending.refused_as_a_whole(Some(watched_since))]),
            Next::Halve { suspected, in_doubt } => {
                let since = match suspected {
                    Suspected::AsBefore => pending.suspect_since,
                    Suspected::SinceFirst => Some(watched_since),
                    Suspected::SinceNow => {
                        // The halves need time. They are `AsBefore`, so each of them does not get it anew.
                        context.pace().restart_patience();
                        Some(context.successes.now())
                    }
                };
                Remaining::Batches(pending.halved(since, in_doubt))
            }
            Next::Reject => self.reject(failed).await,
            Next::GiveUp(reason) => {
                let errors = failed.errors;
                let error = match reason {
                    Reason::NoAccess => errors.no_access,
                    Reason::AsksToWait => errors.asks_to_wait.unwrap_or(errors.unreachable),
                    Reason::Unreachable => errors.unreachable,
                };
                context.stop_with(error).await
            }
        })
    }

    /// Rejects the only record, unless it is at the destination after all: its answer may be what got lost each time.
    async fn reject(&self, failed: FailedRequest) -> Remaining {
        let (context, pending) = (self.context, self.pending);
        let request_id = failed.request_id.clone();
        let rejection = rejection_of(failed);
        let rejected = |rejection| Settlement { rejected: vec![(0, rejection)], ..Settlement::default() };
        let found = if self.may_have_been_applied() {
            context.reconciler(&pending.batch).reconcile_unanswered(0).await
        } else {
            Ok(None)
        };
        let settlement = match found {
            Ok(found) => found.unwrap_or_else(|| rejected(rejection)),
            // A record that can be neither written nor read back stops nobody else.
            Err(_) if context.answers_probe().await => rejected(not_known_to_be_there(rejection)),
            Err(error) => return context.stop_with(error).await,
        };
        context.settled_sender.send(pending, settlement, request_id.as_deref()).await;
        Remaining::Batches(Vec::new())
    }
}
