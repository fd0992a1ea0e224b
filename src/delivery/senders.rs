//! The senders: batches to the destination at one pace, until every item of them is settled.

use std::collections::VecDeque;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::DeliveryTerms;
use super::ahead::{Ahead, TakenWith, is_sent_first};
use super::batch::BatchLimits;
use super::exchange::Exchange;
use super::outbox::Outbox;
use super::pending_batch::PendingBatch;
use super::refusal::stale_reference;
use super::sender_context::{Remaining, SenderContext};
use super::settlement::Settlement;
use crate::mapping::Reference;
use crate::outcomes::event::Event;
use crate::pace::Slot;

/// What sends batches, and what hands on its reports to the committer.
pub(crate) struct Senders {
    batch_sender: BatchSender,
    outbox: Outbox,
}

impl Senders {
    pub(crate) fn new(
        delivery: DeliveryTerms,
        events: mpsc::Sender<Event>,
        stop: CancellationToken,
        abort: CancellationToken,
    ) -> Self {
        let (to_outbox, outbox) = Outbox::before(events);
        Self { batch_sender: BatchSender { context: SenderContext::new(delivery, to_outbox, stop), abort }, outbox }
    }

    /// Bounds of one batch, for now.
    pub(crate) fn limits(&self) -> impl Fn() -> BatchLimits + Send + 'static {
        self.batch_sender.context.limits()
    }

    /// Takes batches until there are no more, as many at a time as the pace has slots for.
    pub(crate) async fn run(self, batches: mpsc::Receiver<PendingBatch>) {
        futures::join!(self.batch_sender.run(batches), self.outbox.run());
    }
}

/// What sends batches, many at once. What it reports is handed on until this is gone.
struct BatchSender {
    context: SenderContext,
    /// Requests under way are dropped. (The context has `stop`: nothing new is begun.)
    abort: CancellationToken,
}

impl BatchSender {
    async fn run(self, batches: mpsc::Receiver<PendingBatch>) {
        let (sender, ahead) = (&self, &Ahead::default());
        let taken = futures::stream::unfold(batches, |mut batches| async move {
            // First the batch: whoever waits for one must hold nothing that the batches before it wait for.
            let pending = batches.recv().await?;
            Some(((pending, sender.may_take(ahead).await), batches))
        });
        let deliver = async |(pending, taken_with): (PendingBatch, TakenWith)| {
            if let Some((slot, is_planned)) = sender.slot_for(&pending, taken_with).await {
                sender.deliver(pending, is_planned).await;
                drop(slot);
            }
        };
        taken.for_each_concurrent(None, deliver).await;
    }

    /// Waits until a batch that was taken may be worked on, by a slot or ahead of one.
    async fn may_take(&self, ahead: &Ahead) -> TakenWith {
        let (pace, is_single) = (self.context.pace(), self.context.destination().envelope().items == 1);
        tokio::select! {
            biased;
            ahead = ahead.enter(|| if is_single { pace.ahead() } else { 0 }) => TakenWith::Ahead(ahead),
            slot = pace.slot() => TakenWith::Slot(slot),
        }
    }

    /// Waits until a batch may be sent. One that was taken ahead of its slot has its plan made durable meanwhile. Returns the slot,
    /// and whether the plan is durable; nothing when the run is stopping.
    async fn slot_for(&self, pending: &PendingBatch, taken_with: TakenWith) -> Option<(Slot, bool)> {
        let _ahead = match taken_with {
            TakenWith::Slot(slot) => return Some((slot, false)),
            TakenWith::Ahead(ahead) => ahead,
        };
        let context = &self.context;
        let is_planned = is_sent_first(pending);
        if is_planned && (context.stop.is_cancelled() || !context.make_plan_durable(pending).await) {
            return None;
        }
        tokio::select! {
            biased;
            () = context.stop.cancelled() => None,
            slot = context.pace().slot() => Some((slot, is_planned)),
        }
    }

    /// Settles every item of a batch, in as many requests as that takes. `is_planned` says whether its plan is durable.
    async fn deliver(&self, pending: PendingBatch, mut is_planned: bool) {
        let Some(pending) = self.settle_under_earlier_ids(pending).await else { return };
        let Some(pending) = self.settle_stale(pending).await else { return };
        // Parts of one size before smaller ones: it is soon known whether the destination takes any.
        let mut open = VecDeque::from([pending]);
        while let Some(pending) = open.pop_front() {
            if let Some(parts) = pending.split_to_limits(self.context.limits_now()) {
                open.extend(parts);
                continue;
            }
            let exchange = Exchange::new(&self.context, &pending, std::mem::take(&mut is_planned));
            let next = tokio::select! {
                biased;
                () = self.abort.cancelled() => return,
                next = exchange.until_answered() => next,
            };
            match next {
                Remaining::Batches(rest) => open.extend(rest),
                Remaining::Stop => return,
            }
        }
    }

    /// Settles items whose users are known to be at the destination under an earlier external id, and returns what is left to be
    /// sent. A batch that may have been sent before is sent again as it was.
    async fn settle_under_earlier_ids(&self, pending: PendingBatch) -> Option<PendingBatch> {
        let has_earlier_ids = pending.batch.items.iter().any(|item| item.earlier.is_some());
        if !has_earlier_ids || pending.in_doubt {
            return Some(pending);
        }
        if self.context.stop.is_cancelled() {
            return None;
        }
        let reconciler = self.context.reconciler(&pending.batch);
        let mut settlement = Settlement::default();
        let ended = tokio::select! {
            biased;
            () = self.abort.cancelled() => return None,
            ended = reconciler.reconcile_under_earlier_ids(&mut settlement) => ended,
        };
        self.context.settled_sender.send(&pending, settlement, None).await;
        match ended {
            Ok(left) => (!left.is_empty()).then(|| pending.without_others(left)),
            Err(error) => {
                self.context.stop_with(error).await;
                None
            }
        }
    }

    /// Rejects the items that refer to somebody whose known id is not theirs at the destination any more, and returns what is left to be
    /// sent: what was not answered for is not granted. A batch in doubt is no exception, though then it does not go out as it was: if
    /// its first request did not arrive, that would grant to somebody else.
    async fn settle_stale(&self, pending: PendingBatch) -> Option<PendingBatch> {
        let items = &pending.batch.items;
        let references: Vec<&Reference> = items.iter().flat_map(|item| &item.references).collect();
        if references.is_empty() {
            return Some(pending);
        }
        if self.context.stop.is_cancelled() {
            return None;
        }
        let ended = tokio::select! {
            biased;
            () = self.abort.cancelled() => return None,
            ended = self.context.destination().disproves(&references) => ended,
        };
        let mut disproved = match ended {
            Ok(disproved) => disproved.into_iter(),
            Err(error) => {
                self.context.stop_with(error).await;
                return None;
            }
        };
        let (mut stale, mut left) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            // One that was not answered for is no proof.
            let of_item: Vec<bool> = item.references.iter().map(|_| disproved.next().unwrap_or(true)).collect();
            if of_item.contains(&true) {
                stale.push((index, stale_reference(pending.in_doubt)));
            } else {
                left.push(index);
            }
        }
        if stale.is_empty() {
            return Some(pending);
        }
        let settlement = Settlement { rejected: stale, ..Settlement::default() };
        self.context.settled_sender.send(&pending, settlement, None).await;
        (!left.is_empty()).then(|| pending.without_others(left))
    }
}
