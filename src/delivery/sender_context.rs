//! What all senders share: the way to the destination, and to the committer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::DeliveryTerms;
use super::batch::{Batch, BatchLimits};
use super::blame::answers_probe;
use super::item::BatchItem;
use super::pending_batch::PendingBatch;
use super::reconcile::Reconciler;
use super::settlement::SettledSender;
use super::success_clock::SuccessClock;
use crate::destination::{Destination, TargetError};
use crate::journal::{BatchPlan, Entry};
use crate::outcomes::StopReason;
use crate::outcomes::event::{Event, send_event};
use crate::pace::{PaceGate, Permit, RetryBudget};

/// What is left to do after a batch was answered.
pub(super) enum Remaining {
    /// These, perhaps none.
    Batches(Vec<PendingBatch>),
    /// The run is over; what is not settled stays unfinished.
    Stop,
}

/// What all senders share.
pub(super) struct SenderContext {
    pub delivery: DeliveryTerms,
    /// Sends to the committer what is settled.
    pub settled_sender: SettledSender,
    /// To the outbox, which hands on to the committer.
    to_outbox: mpsc::Sender<Event>,
    pub stop: CancellationToken,
    /// Goes on with each batch that succeeds, of all senders.
    pub successes: SuccessClock,
    /// Goes on with each change that the destination answers, of all senders. Whether it creates users says nothing of changes.
    changes: SuccessClock,
}

impl SenderContext {
    pub(super) fn new(delivery: DeliveryTerms, to_outbox: mpsc::Sender<Event>, stop: CancellationToken) -> Self {
        let settled_sender = SettledSender::new(to_outbox.clone());
        let (successes, changes) = (SuccessClock::default(), SuccessClock::default());
        Self { delivery, settled_sender, to_outbox, stop, successes, changes }
    }

    pub(super) fn destination(&self) -> &dyn Destination {
        &*self.delivery.destination
    }

    pub(super) fn pace(&self) -> &Arc<PaceGate> {
        self.delivery.destination.pace()
    }

    pub(super) fn budget(&self) -> RetryBudget {
        self.delivery.destination.budget()
    }

    /// What settles items of a batch that are at the destination already.
    pub(super) fn reconciler<'a>(&'a self, batch: &'a Batch) -> Reconciler<'a> {
        let (rule, mark) = (self.delivery.on_existing, self.delivery.mark.as_ref());
        Reconciler {
            destination: self.destination(),
            batch,
            rule,
            mark,
            changes: &self.changes,
            since: self.changes.now(),
        }
    }

    /// Bounds of one batch, for now.
    pub(super) fn limits(&self) -> impl Fn() -> BatchLimits + Send + 'static {
        let (pace, envelope) = (Arc::clone(self.pace()), self.delivery.destination.envelope());
        move || {
            let (items, bytes) = pace.batch(|bounds| (bounds.items(), bounds.bytes()));
            BatchLimits { items: items.min(envelope.items), bytes: bytes.min(envelope.bytes) }
        }
    }

    /// These bounds.
    pub(super) fn limits_now(&self) -> BatchLimits {
        self.limits()()
    }

    /// Whether nothing has succeeded for longer than the retry budget allows.
    pub(super) fn is_failing(&self) -> bool {
        self.pace().failing_for() > self.budget().total
    }

    /// Makes durable what is about to be sent; false when that failed. What is planned and not answered is in doubt until the run
    /// is resumed, even if the run was stopped before the request could depart.
    pub(super) async fn make_plan_durable(&self, pending: &PendingBatch) -> bool {
        let items = &pending.batch.items;
        let plan = BatchPlan { records: items.iter().map(BatchItem::key).collect(), round: pending.round };
        let external_ids = items.iter().map(|item| item.external_id.to_string()).collect();
        let (durable, is_durable) = oneshot::channel();
        self.send_event(Event::Planned { entry: Entry::PlannedFor { plan, external_ids }, durable }).await;
        is_durable.await.is_ok()
    }

    /// Waits for a turn at the shared pace; nothing when the run is stopping. The turn is measured: the pace controls how many
    /// requests are under way by how long answers take.
    pub(super) async fn turn(&self) -> Option<Permit> {
        tokio::select! {
            biased;
            // Once the run is stopping, no new request gets a turn.
            () = self.stop.cancelled() => None,
            permit = self.pace().admit_measured() => Some(permit),
        }
    }

    /// Whether the destination answers a request with which nothing is wrong.
    pub(super) async fn answers_probe(&self) -> bool {
        answers_probe(self.destination()).await
    }

    /// Waits, unless the run is stopping: false then.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            // Once the run is stopping, nothing is tried a second time.
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(wait) => true,
        }
    }

    pub(super) async fn send_event(&self, event: Event) {
        send_event(&self.to_outbox, event).await;
    }

    pub(super) async fn stop_with(&self, error: TargetError) -> Remaining {
        self.send_event(Event::Stopped(StopReason::Target(error))).await;
        Remaining::Stop
    }
}
