//! The senders: batches to the target at one pace, until every item of them is settled.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Delivery;
use super::batch::{Batch, BatchLimits, Item};
use super::blame::Probes;
use super::exchange::Exchange;
use super::pending_batch::PendingBatch;
use super::reconcile::Reconciler;
use super::refusal::{
    conflict, failing, invalid, is_explained, is_throttled, is_transient, may_be_about_content, may_have_been_applied,
};
use super::settlement::{SettledReporter, Settlement};
use super::single::Single;
use super::verdict::{self, Facts, Failure, Next, NextRound, Reason, RoundFacts, Suspected, Wait};
use crate::account::StopReason;
use crate::account::event::{Event, send_event};
use crate::avnology::{
    Decision, ErrorBody, ItemDecision, ItemResult, TargetError, answers_probe_batch, batch_results, decide,
    decide_item, error_body,
};
use crate::http::{self, AnswerHold, Reply, ReplyOutcome};
use crate::journal::{ConfirmedUser, Entry, Plan, RecordOutcome, Settled};
use crate::mapping::{RejectCode, Rejection};
use crate::pace::{Backoff, BatchControl, PaceSignal, Permit, RequestResult, RetryBudget, Slot};

/// How long after a probe that was answered the user is tried again who alone fails.
const SOON: Duration = Duration::from_secs(1);

/// What was tried with one batch.
struct Tries {
    requests: u32,
    /// Those that were not refused for going too fast.
    attempts: u32,
    timeouts: u32,
    /// Whether one of them may have been carried out.
    may_have_been_applied: bool,
    /// What the target was asked in between, where it is a user alone who fails.
    probes: Probes,
    /// How long to wait before the next one, if not as usual.
    pause: Option<Duration>,
    /// Batches that had succeeded before the first of them.
    succeeded_before: u64,
}

impl Tries {
    /// Counts an attempt that settled nothing.
    fn note(&mut self, failure: Failure) {
        let is_an_attempt =
            !matches!(failure, Failure::Refused | Failure::TooLarge | Failure::Content | Failure::Throttled);
        self.attempts += u32::from(is_an_attempt);
        self.timeouts += u32::from(failure == Failure::Timeout);
    }

    fn new(succeeded_before: u64) -> Self {
        let probes = Probes::default();
        Self {
            requests: 0,
            attempts: 0,
            timeouts: 0,
            may_have_been_applied: false,
            probes,
            pause: None,
            succeeded_before,
        }
    }
}

/// What is left to do after a batch was answered.
enum Remaining {
    /// These, perhaps none.
    Batches(Vec<PendingBatch>),
    /// The run is over; what is not settled stays unfinished.
    Stop,
}

/// Sends batches.
pub(crate) struct Sender {
    delivery: Delivery,
    /// Batches that were answered so far, by all senders.
    succeeded: AtomicU64,
    settled_reporter: SettledReporter,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Sender {
    pub(crate) fn new(
        delivery: Delivery,
        events: mpsc::Sender<Event>,
        stop: CancellationToken,
        abort: CancellationToken,
    ) -> Self {
        Self {
            delivery,
            succeeded: AtomicU64::new(0),
            settled_reporter: SettledReporter::new(events.clone()),
            events,
            stop,
            abort,
        }
    }

    /// Bounds of one batch, for now; without batch methods each identity goes alone.
    pub(crate) fn limits(&self) -> impl Fn() -> BatchLimits + Send + 'static {
        let (pace, batch) = (Arc::clone(&self.delivery.pace), self.delivery.batch);
        move || {
            let (items, bytes) = pace.batch(|bounds| (bounds.items(), bounds.bytes()));
            BatchLimits { items: if batch { items } else { 1 }, bytes }
        }
    }

    /// Takes batches until there are no more, as many at a time as the pace has slots for.
    pub(crate) async fn run(self, batches: mpsc::Receiver<PendingBatch>) {
        let pace = &self.delivery.pace;
        let taken = futures::stream::unfold(batches, |mut batches| async move {
            let slot = pace.slot().await;
            Some(((batches.recv().await?, slot), batches))
        });
        let sender = &self;
        let deliver = async |(pending, slot): (PendingBatch, Slot)| {
            sender.deliver(pending).await;
            drop(slot);
        };
        taken.for_each_concurrent(None, deliver).await;
    }

    /// Settles every item of a batch, in as many requests as that takes.
    async fn deliver(&self, pending: PendingBatch) {
        // Parts of one size before smaller ones: it is soon known whether the target takes any.
        let mut open = VecDeque::from([pending]);
        while let Some(pending) = open.pop_front() {
            if let Some(parts) = pending.split_to_limits(self.limits()()) {
                open.extend(parts);
                continue;
            }
            let next = tokio::select! {
                biased;
                () = self.abort.cancelled() => return,
                next = self.send_until_answered(&pending) => next,
            };
            match next {
                Remaining::Batches(rest) => open.extend(rest),
                Remaining::Stop => return,
            }
        }
    }

    /// Makes durable what is about to be sent; false when that failed. What is planned is sent, even if the run is stopped
    /// in between: what is planned and not answered is in doubt until the run is resumed.
    async fn plan(&self, pending: &PendingBatch) -> bool {
        let items = &pending.batch.items;
        let plan = Plan { records: items.iter().map(Item::key).collect(), round: pending.round };
        let external_ids = items.iter().map(|item| item.external_id.to_string()).collect();
        let (ready, is_durable) = oneshot::channel();
        send_event(&self.events, Event::Planned { entry: Entry::PlannedFor { plan, external_ids }, ready }).await;
        is_durable.await.is_ok()
    }

    /// Waits for a turn at the shared pace; none when the run is stopping.
    async fn turn(&self) -> Option<Permit> {
        tokio::select! {
            biased;
            // Only requests under way are waited for.
            () = self.stop.cancelled() => None,
            permit = self.delivery.pace.admit(true) => Some(permit),
        }
    }

    /// Sends one request until it is answered.
    async fn send_until_answered(&self, pending: &PendingBatch) -> Remaining {
        let key = self.idempotency_key(pending);
        let mut backoff = Backoff::new(&self.delivery.budget, fastrand::Rng::new());
        let mut tries = Tries::new(self.succeeded.load(Ordering::Relaxed));
        loop {
            let Some(mut permit) = self.turn().await else { return Remaining::Stop };
            if tries.requests == 0 && !self.plan(pending).await {
                return Remaining::Stop;
            }
            tokio::select! {
                biased;
                () = permit.depart() => {}
                () = self.stop.cancelled() => return Remaining::Stop,
            }
            let again = tries.requests > 0 || pending.round > 0 || pending.in_doubt;
            let exchange = self.exchange(&pending.batch, &key, again, permit).await;
            tries.requests += 1;
            let throttled = matches!(&exchange, Exchange::Undecided(reply) if is_throttled(reply));
            send_event(&self.events, Event::Requested { again, throttled }).await;
            let reply = match exchange {
                Exchange::Results(results, request, held) => {
                    let since = pending.suspect_since.unwrap_or(tries.succeeded_before);
                    if !results.iter().all(is_transient) {
                        self.succeeded.fetch_add(1, Ordering::Relaxed);
                        self.delivery.pace.batch(BatchControl::answered);
                    }
                    return self.record_results(pending, (results, held), (request.as_deref(), since)).await;
                }
                Exchange::Failed(error) => return self.stop_with(error).await,
                Exchange::Undecided(reply) => reply,
            };
            tries.may_have_been_applied |= may_have_been_applied(reply.outcome);
            let (attempts, items) = (tries.attempts, pending.batch.items.len());
            tracing::debug!(outcome = ?reply.outcome, request = reply.request_id, attempts, items, "not settled");
            if let Some(left) = self.decide_next(pending, &reply, &mut tries).await {
                return left;
            }
            // If the target says how long to wait, the pace holds every request.
            let usual = || (!throttled && reply.retry_after.is_none()).then(|| backoff.next()).flatten();
            let own = tries.pause.take().or_else(usual);
            tokio::select! {
                // Once the run is stopping, nothing is tried a second time.
                () = self.stop.cancelled() => return Remaining::Stop,
                () = tokio::time::sleep(own.unwrap_or_default()) => {}
            }
        }
    }

    /// What follows from an answer that settles nothing; the same again if that is nothing.
    async fn decide_next(&self, pending: &PendingBatch, reply: &Reply, tries: &mut Tries) -> Option<Remaining> {
        let failure = Failure::of(reply.outcome);
        tries.note(failure);
        match failure {
            Failure::TooLarge => self.delivery.pace.batch(|bounds| bounds.too_large(pending.batch.body().len())),
            Failure::Timeout => self.delivery.pace.batch(|bounds| bounds.too_slow(pending.batch.items.len())),
            _ => {}
        }
        let mut facts = self.facts(pending, reply, failure, tries);
        let mut next = verdict::next(&facts);
        if next == Next::Ask {
            let answers_probe = self.answers_probe().await;
            tries.probes.asked(answers_probe);
            facts.answers_probe = Some(answers_probe);
            facts.is_blamed = tries.probes.blame_the_user(tries.attempts);
            next = verdict::next(&facts);
        }
        self.carry_out(next, pending, reply, tries).await
    }

    /// All that the decision depends on.
    fn facts(&self, pending: &PendingBatch, reply: &Reply, failure: Failure, tries: &Tries) -> Facts {
        let RetryBudget { total, attempts: most_attempts, .. } = self.delivery.budget;
        let since = pending.suspect_since.unwrap_or(tries.succeeded_before);
        Facts {
            failure,
            wait: match reply.retry_after {
                None => Wait::Unknown,
                Some(wait) if wait > total => Wait::TooLong,
                Some(_) => Wait::Bearable,
            },
            is_alone: pending.batch.items.len() == 1,
            is_part: pending.suspect_since.is_some(),
            attempts: tries.attempts,
            most_attempts,
            timeouts: tries.timeouts,
            may_have_been_applied: pending.in_doubt || tries.may_have_been_applied,
            is_explained: is_explained(&error_body(&reply.body)),
            others_succeed: self.succeeded.load(Ordering::Relaxed) > since,
            is_failing: self.delivery.pace.failing_for() > total,
            can_check: self.can_check(),
            was_asked: tries.probes != Probes::default(),
            answers_probe: None,
            is_blamed: tries.probes.blame_the_user(tries.attempts),
        }
    }

    /// Does what was decided; nothing is left to do for now if the same request is to be sent again.
    async fn carry_out(
        &self,
        next: Next,
        pending: &PendingBatch,
        reply: &Reply,
        tries: &mut Tries,
    ) -> Option<Remaining> {
        let since_first = pending.suspect_since.unwrap_or(tries.succeeded_before);
        Some(match next {
            Next::Again { soon } => {
                tries.pause = soon.then_some(SOON);
                return None;
            }
            // Whether the target is well is known by now.
            Next::Ask => return None,
            // With bounds as they are now it will be split.
            Next::WithinBounds => Remaining::Batches(vec![pending.refused_as_a_whole(Some(since_first))]),
            Next::Halve { suspected, in_doubt } => {
                let since = match suspected {
                    Suspected::AsBefore => pending.suspect_since,
                    Suspected::SinceFirst => Some(since_first),
                    Suspected::SinceNow => {
                        self.delivery.pace.restart_patience();
                        Some(self.succeeded.load(Ordering::Relaxed))
                    }
                };
                Remaining::Batches(pending.halved(since, in_doubt))
            }
            Next::Reject => self.reject(pending, reply).await,
            Next::GiveUp(reason) => {
                let target = self.delivery.client.base_url();
                let error = match (reason, reply.retry_after) {
                    (Reason::Refused, _) => TargetError::refused(target, reply),
                    (Reason::AsksToWait, Some(wait)) => TargetError::asks_to_wait(target, reply, wait),
                    (Reason::AsksToWait, None) | (Reason::Unreachable, _) => TargetError::unreachable(target, reply),
                };
                self.stop_with(error).await
            }
        })
    }

    /// Whether the target can be asked to check a batch without creating anything.
    fn can_check(&self) -> bool {
        self.delivery.batch && self.delivery.client.may_probe()
    }

    /// Whether the target answers a request with which nothing is wrong.
    async fn answers_probe(&self) -> bool {
        let mut permit = self.delivery.pace.admit(false).await;
        permit.depart().await;
        let (answers_probe, answer) = if self.can_check() {
            answers_probe_batch(&self.delivery.client).await
        } else {
            let reply = self.delivery.client.list(None, 1).await;
            (decide(reply.outcome) == Decision::Done, reply.pace_signal(http::is_transient))
        };
        permit.finish(&answer);
        answers_probe
    }

    async fn exchange(&self, batch: &Batch, key: &str, sent_before: bool, permit: Permit) -> Exchange {
        if !self.delivery.batch {
            let item = &batch.items[0];
            let mark = self.delivery.mark.as_ref();
            let single = Single { client: &self.delivery.client, calls: &self.delivery.calls, item, mark, sent_before };
            return single.create(batch.item_body(item), key, permit).await;
        }
        let reply = self.delivery.client.batch_create(batch.body(), key).await;
        let done = decide(reply.outcome) == Decision::Done;
        let results = done.then(|| batch_results(&reply.body, batch.items.len())).flatten();
        let reply = if done && results.is_none() { reply.unreadable() } else { reply };
        // A target that takes none of the items does not work, even if its status says success.
        let all_fail = results.as_ref().is_some_and(|results| results.iter().all(is_transient));
        let verdict = if all_fail { RequestResult::Failed } else { reply.pace_signal(http::is_transient).verdict };
        permit.finish(&PaceSignal { verdict, ..reply.pace_signal(http::is_transient) });
        match results {
            Some(results) => Exchange::Results(results, reply.request_id, reply.body.into_held()),
            None => Exchange::Undecided(reply),
        }
    }

    /// Settles the items of an answered batch; those whose error may pass are left to be sent again.
    /// Others that got through since `since` say that the target works.
    async fn record_results(
        &self,
        pending: &PendingBatch,
        (results, held): (Vec<ItemResult>, AnswerHold),
        (request, since): (Option<&str>, u64),
    ) -> Remaining {
        let (mut records, mut rejected, mut confirmed) = (Vec::new(), Vec::new(), Vec::new());
        let (mut again, mut existing, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        let mut refused = None;
        for (index, result) in results.into_iter().enumerate() {
            let item = &pending.batch.items[index];
            let settled = |outcome| Settled { key: item.key(), outcome, notices: item.notices.bits() };
            match result {
                ItemResult::Created { id } => {
                    confirmed.extend(id.as_deref().map(|id| item.confirmed(id)));
                    records.push(settled(RecordOutcome::Created { external_id: item.external_id.to_string(), id }));
                }
                ItemResult::Exists { .. } => existing.push(index),
                ItemResult::Error { error } => match decide_item(&error) {
                    ItemDecision::Conflict => taken.push((index, error)),
                    ItemDecision::Invalid => rejected.push((index, invalid(error))),
                    ItemDecision::Retry if pending.probes.blame_the_user(pending.round + 1) => {
                        rejected.push((index, failing(error)));
                    }
                    ItemDecision::Retry => again.push(index),
                    ItemDecision::Refused => refused = Some(error),
                },
            }
        }
        if let Some(Settled { outcome: RecordOutcome::Created { external_id, id: Some(id) }, .. }) = records.last() {
            let last = confirmed.pop();
            confirmed.extend(last.map(|confirmed: ConfirmedUser| confirmed.newest(external_id, id)));
        }
        self.settled_reporter.report(&pending.batch, Settlement { records, rejected, confirmed }, request).await;
        // What the target said is written by now; reading back needs room for answers again.
        drop(held);
        if let Some(error) = refused {
            return self.stop_with(TargetError::refused_item(self.delivery.client.base_url(), &error)).await;
        }
        if let Err(error) = self.reconcile(&pending.batch, &existing, taken, request).await {
            return self.stop_with(error).await;
        }
        if again.is_empty() { Remaining::Batches(Vec::new()) } else { self.send_again(pending, again, since).await }
    }

    /// Settles items of an answered batch that are there already, or that something of another identity's is in the way of.
    async fn reconcile(
        &self,
        batch: &Batch,
        existing: &[usize],
        taken: Vec<(usize, ErrorBody)>,
        request: Option<&str>,
    ) -> Result<(), TargetError> {
        let (target, rule, mark) = (&self.delivery.calls, self.delivery.on_existing, self.delivery.mark.as_ref());
        let reconciler = Reconciler { target, batch, rule, mark };
        if !existing.is_empty() {
            self.settled_reporter.report(batch, reconciler.reconcile(existing).await?, None).await;
        }
        if !taken.is_empty() {
            self.settled_reporter.report(batch, reconciler.reconcile_taken(taken).await?, request).await;
        }
        Ok(())
    }

    /// Leaves some items to be sent again after a while.
    async fn send_again(&self, pending: &PendingBatch, items: Vec<usize>, since: u64) -> Remaining {
        let RetryBudget { total, attempts, longest, .. } = self.delivery.budget;
        let mut backoff = Backoff::new(&self.delivery.budget, fastrand::Rng::new());
        let mut delay = backoff.nth(pending.round as usize).unwrap_or(longest);
        let next = verdict::next_round(RoundFacts {
            is_alone: items.len() == 1,
            is_last_round: pending.round + 1 >= attempts,
            others_succeed: self.succeeded.load(Ordering::Relaxed) > since,
            is_failing: self.delivery.pace.failing_for() > total,
        });
        let parts = match next {
            NextRound::GiveUp => {
                let target = self.delivery.client.base_url().to_string();
                let reason = "it keeps failing on every user".to_owned();
                return self.stop_with(TargetError::Unreachable { target, reason }).await;
            }
            NextRound::Together => vec![pending.retry_items(items, Some(since))],
            NextRound::EachAlone => {
                items.into_iter().map(|item| pending.retry_items(vec![item], Some(since))).collect()
            }
            NextRound::AfterAsking => {
                let mut alone = pending.retry_items(items, Some(since));
                let answers_probe = self.answers_probe().await;
                alone.probes.asked(answers_probe);
                delay = if answers_probe { SOON } else { delay };
                vec![alone]
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => Remaining::Stop,
            () = tokio::time::sleep(delay) => Remaining::Batches(parts),
        }
    }

    /// Rejects the only item of a request.
    async fn reject(&self, pending: &PendingBatch, reply: &Reply) -> Remaining {
        let error = error_body(&reply.body);
        let rejection = match reply.outcome {
            ReplyOutcome::Answered { status: 409 } => conflict(error),
            outcome if may_be_about_content(outcome) => failing(error),
            ReplyOutcome::Answered { status: 413 } => {
                Rejection { code: RejectCode::TooLargeForTarget, ..invalid(error) }
            }
            _ => invalid(error),
        };
        let settlement = Settlement { rejected: vec![(0, rejection)], ..Settlement::default() };
        self.settled_reporter.report(&pending.batch, settlement, reply.request_id.as_deref()).await;
        Remaining::Batches(Vec::new())
    }

    async fn stop_with(&self, error: TargetError) -> Remaining {
        send_event(&self.events, Event::Stopped(StopReason::Target(error))).await;
        Remaining::Stop
    }

    /// A request that is repeated has the same key again; a request that must not be answered from memory has another one. What is in
    /// a request follows from its items, whose hashes are known.
    fn idempotency_key(&self, pending: &PendingBatch) -> String {
        let mut hash = Sha256::new();
        hash.update(self.delivery.run_id.as_bytes());
        hash.update(pending.round.to_le_bytes());
        pending.batch.items.iter().for_each(|item| hash.update(item.content.as_bytes()));
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}
