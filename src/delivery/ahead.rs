//! Plans that are made durable before there is a slot for their requests.
//!
//! A request waits until its plan is on disk, which takes as long as many short requests. Where each user is a request, a slot
//! that waited along would be idle most of the time. So some are planned ahead: as many as the pace sends while a disk
//! writes. One that is planned and not sent when the run breaks off is in doubt, so there are few of them, and none where the
//! rate is slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::pending_batch::PendingBatch;
use crate::pace::Slot;

/// The batches that are planned ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    count: AtomicUsize,
    left: Notify,
}

impl Ahead {
    /// Counts one more, after waiting until there are fewer than `most`, which may change. Only one task may wait at a time.
    pub(super) async fn enter(&self, most: impl Fn() -> usize) -> AheadGuard {
        while self.0.count.load(Ordering::Relaxed) >= most() {
            self.0.left.notified().await;
        }
        self.0.count.fetch_add(1, Ordering::Relaxed);
        AheadGuard(Arc::clone(&self.0))
    }
}

/// One batch that is planned ahead. Dropping it counts one less.
#[derive(Debug)]
pub(super) struct AheadGuard(Arc<Counted>);

impl Drop for AheadGuard {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.left.notify_one();
    }
}

/// What there had to be for a batch to be taken.
#[derive(Debug)]
pub(super) enum TakenWith {
    /// Room among those that are planned ahead: it may be planned, and then needs a slot.
    Ahead(AheadGuard),
    /// A slot: it may be sent.
    Slot(Slot),
}

/// Whether the first request for a batch is the one that creates what is in it. Where the destination is asked something
/// first, there may be nothing left to plan.
pub(super) fn is_sent_first(pending: &PendingBatch) -> bool {
    pending.batch.items.iter().all(|item| item.earlier.is_none() && item.references.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::{mpsc, oneshot};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::delivery::sender_tests::{BUDGET, RUN, batch};
    use crate::delivery::{DeliveryTerms, OnExisting, Senders};
    use crate::destination::{Answer, Scripted};
    use crate::outcomes::event::Event;
    use crate::pace::{ConcurrencyRules, PaceGate, PaceRules, RateRules, Timer};

    /// How many requests may be under way at once.
    const AT_ONCE: usize = 2;

    const USERS: usize = 40;

    /// How long a request takes.
    const TAKES: Duration = Duration::from_millis(5);

    fn obliging(rate: &str) -> Scripted {
        obliging_so_many(rate, AT_ONCE)
    }

    fn obliging_so_many(rate: &str, at_once: usize) -> Scripted {
        let rate = RateRules::new(rate.parse().unwrap(), None, None, std::num::NonZeroU32::MIN);
        let concurrency = ConcurrencyRules::new(Some(at_once));
        let (patience, timer) = (BUDGET.total, Timer::Tokio);
        let pace = PaceGate::new(&PaceRules { rate, concurrency, items: 500, bytes: 1 << 20, patience, timer });
        Scripted::new(pace, BUDGET, |_| Answer::Created)
    }

    fn senders(destination: &Arc<Scripted>, events: mpsc::Sender<Event>, stop: CancellationToken) -> Senders {
        let (destination, on_existing) = (Arc::clone(destination), OnExisting::Skip);
        let delivery = DeliveryTerms { destination, memory: 1 << 24, on_existing, run_id: RUN.to_owned(), mark: None };
        Senders::new(delivery, events, stop, CancellationToken::new())
    }

    /// Sends users, each in a batch of its own. Returns how many were planned before the first plan was durable; if `goes_on`,
    /// the plans are durable then, else the run is stopped.
    async fn planned_at_first(destination: &Arc<Scripted>, goes_on: bool) -> usize {
        let (events, mut inbox) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let senders = senders(destination, events, stop.clone());
        let (batches, waiting) = mpsc::channel(1);
        let feeding = async move {
            for number in 0..USERS as u64 {
                if batches.send(PendingBatch::new(batch(number..=number))).await.is_err() {
                    return;
                }
            }
        };
        let deciding = async {
            let mut plans: Vec<oneshot::Sender<()>> = Vec::new();
            let first = tokio::time::sleep(Duration::from_secs(10));
            tokio::pin!(first);
            loop {
                tokio::select! {
                    () = &mut first => break,
                    Some(Event::Planned { durable, .. }) = inbox.recv() => plans.push(durable),
                }
            }
            let count = plans.len();
            if !goes_on {
                stop.cancel();
            }
            for durable in plans {
                durable.send(()).unwrap();
            }
            while let Some(event) = inbox.recv().await {
                if let Event::Planned { durable, .. } = event {
                    durable.send(()).unwrap();
                }
            }
            count
        };
        futures::join!(feeding, senders.run(waiting), deciding).2
    }

    #[tokio::test(start_paused = true)]
    async fn plans_become_durable_together_before_there_are_slots_and_no_more_requests_go_at_once() {
        let destination = Arc::new(obliging("1000000/s").taking_one_in(TAKES));
        assert_eq!(planned_at_first(&destination, true).await, 4 * AT_ONCE + AT_ONCE);
        assert_eq!((destination.received().len(), destination.most_at_once()), (USERS, AT_ONCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_sent_although_the_next_one_waits_for_its_memory() {
        for rate in ["150/s", "300/s", "1000000/s", "50/s"] {
            let destination = Arc::new(obliging_so_many(rate, 1).taking_one_in(TAKES));
            let (events, mut inbox) = mpsc::channel(16);
            let senders = senders(&destination, events, CancellationToken::new());
            let (batches, waiting) = mpsc::channel(1);
            let feeding = async {
                for number in 0..5 {
                    batches.send(PendingBatch::new(batch(number..=number))).await.unwrap();
                    // There is no room for two.
                    while destination.received().len() as u64 <= number {
                        tokio::time::sleep(TAKES).await;
                    }
                }
                drop(batches);
            };
            let booking = async {
                while let Some(event) = inbox.recv().await {
                    if let Event::Planned { durable, .. } = event {
                        tokio::time::sleep(TAKES).await;
                        durable.send(()).unwrap();
                    }
                }
            };
            let all = async { futures::join!(feeding, senders.run(waiting), booking) };
            assert!(tokio::time::timeout(Duration::from_mins(1), all).await.is_ok(), "{rate}: all wait for each other");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_few_requests_are_sent_while_a_disk_writes_and_for_many_users_a_request_none_is_planned_ahead() {
        for destination in [obliging("50/s").taking_one_in(TAKES), obliging("1000000/s")] {
            let destination = Arc::new(destination);
            assert_eq!(planned_at_first(&destination, true).await, AT_ONCE);
            assert_eq!(destination.received().len(), USERS);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_planned_ahead_is_not_sent_once_the_run_is_stopped() {
        let destination = Arc::new(obliging("1000000/s").taking_one_in(TAKES));
        assert!(planned_at_first(&destination, false).await > AT_ONCE);
        assert!(destination.received().len() <= AT_ONCE, "those that had their turn");
    }
}
