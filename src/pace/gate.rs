//! The gate that all requests of a run pass, at its pace.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::state::{NextTurn, PaceState};
use super::turn::Turn;
use super::{BatchControl, PaceFigures, PaceRules, PaceSignal, Timer};

/// The gate that all requests of a run pass, at its pace. Everything that sends requests shares it.
#[derive(Debug)]
pub struct PaceGate {
    state: Mutex<PaceState>,
    /// Requests that wait for their turn, first come, first served.
    pub(super) queue: tokio::sync::Mutex<()>,
    /// Requests that have had their turn and wait to depart, first come, first served.
    pub(super) departures: tokio::sync::Mutex<()>,
    /// Wakes the first request of each queue when something changes.
    changed: Notify,
    slots: Arc<Semaphore>,
    timer: Timer,
    pub(super) departed: AtomicU64,
}

impl PaceGate {
    /// Begins as the rules say.
    pub fn new(rules: &PaceRules) -> Arc<Self> {
        let state = PaceState::new(rules);
        let slots = Arc::new(Semaphore::new(state.concurrency.limit()));
        Arc::new(Self {
            state: Mutex::new(state),
            queue: tokio::sync::Mutex::default(),
            departures: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            slots,
            timer: rules.timer,
            departed: AtomicU64::new(0),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, PaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more batch may be prepared and sent.
    pub async fn slot(self: &Arc<Self>) -> Slot {
        // The semaphore is never closed.
        let semaphore_permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        Slot { pace: Arc::clone(self), semaphore_permit }
    }

    /// How many requests may be planned now before there is a slot for them.
    pub fn ahead(&self) -> usize {
        self.state().ahead()
    }

    /// Waits until the next request may go. Returns the time, and whether this request is the probe.
    pub(super) async fn wait(&self, next: impl Fn(&mut PaceState, Instant) -> NextTurn) -> (Instant, bool) {
        loop {
            // Registered before the state is read, so that no change in between is missed.
            let changed = self.changed.notified();
            let now = Instant::now();
            let next = next(&mut self.state(), now);
            match next {
                NextTurn::Go { probe } => return (now, probe),
                NextTurn::Answer => changed.await,
                NextTurn::Until(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = changed => {}
                    }
                }
                NextTurn::Exactly(at) => {
                    tokio::select! {
                        () = self.timer.until(at) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    /// How long requests have failed without one success, up to the moment when the next request may go.
    pub fn failing_for(&self) -> Duration {
        let (now, state) = (Instant::now(), self.state());
        let next = state.hold.map_or(now, |hold| hold.until.max(now));
        state.failing_since.map_or(Duration::ZERO, |since| next.duration_since(since))
    }

    /// Begins the time anew that the target may fail until the run is given up: a different request is tried next.
    pub fn restart_patience(&self) {
        self.state().failing_since = None;
    }

    /// Gives access to the bounds of the request size.
    pub fn batch<T>(&self, look: impl FnOnce(&mut BatchControl) -> T) -> T {
        look(&mut self.state().batch)
    }

    /// How many requests were sent, further attempts among them.
    pub fn departed(&self) -> u64 {
        self.departed.load(Ordering::Relaxed)
    }

    /// The figures at this moment.
    pub fn figures(&self) -> PaceFigures {
        self.state().figures(Instant::now())
    }

    pub(super) fn finish(&self, turn: &Turn, answer: Option<&PaceSignal>) {
        {
            let mut state = self.state();
            state.in_flight -= 1;
            let before = state.slots();
            state.unsent -= u32::from(turn.departure.is_none());
            if turn.probe {
                state.probing = false;
            }
            if let Some(answer) = answer {
                state.finish(Instant::now(), turn, answer);
            }
            self.resize(&mut state, before);
        }
        self.changed.notify_waiters();
    }

    /// Adds free slots, or takes some away.
    fn resize(&self, state: &mut PaceState, before: usize) {
        let limit = state.slots();
        if limit > before {
            let kept = state.surplus.min(limit - before);
            state.surplus -= kept;
            self.slots.add_permits(limit - before - kept);
        } else {
            let surplus = before - limit;
            state.surplus += surplus - self.slots.forget_permits(surplus);
        }
    }
}

/// The right to prepare and send one batch. Dropping it gives it back.
#[derive(Debug)]
pub struct Slot {
    pace: Arc<PaceGate>,
    semaphore_permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.surplus > 0
            && let Some(permit) = self.semaphore_permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::pace::{ConcurrencyRules, Quota, RateChoice, RateRules, RequestResult};

    fn pace(rate: &str) -> Arc<PaceGate> {
        let choice: RateChoice = rate.parse().unwrap();
        PaceGate::new(&PaceRules {
            rate: RateRules::new(choice, None, None, NonZeroU32::MIN),
            concurrency: ConcurrencyRules::new(Some(4)),
            items: 500,
            bytes: 1 << 20,
            patience: Duration::from_mins(3),
            timer: Timer::Tokio,
        })
    }

    fn asking_to_wait(result: RequestResult, wait: u64) -> PaceSignal {
        PaceSignal { wait: Some(Duration::from_secs(wait)), ..PaceSignal::of(result) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_keeps_saying_retry_at_once_is_not_asked_faster_than_the_rate() {
        for result in [RequestResult::Refused, RequestResult::Failed] {
            let (pace, start) = (pace("2/s"), Instant::now());
            for _ in 0..100 {
                pace.admit_measured().await.finish(&asking_to_wait(result, 0));
            }
            assert!(start.elapsed() >= Duration::from_secs(45), "{result:?}: 100 requests in {:?}", start.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_are_planned_ahead_as_are_soon_sent_and_none_while_nothing_is() {
        let ahead = |rate| pace(rate).ahead();
        assert_eq!((ahead("90/s"), ahead("1000/s"), ahead("1000000/s")), (0, 10, 16));
        let pace = pace("1000/s");
        pace.admit_measured().await.finish(&asking_to_wait(RequestResult::Refused, 60));
        assert_eq!(pace.ahead(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_is_not_used_up_does_not_decide_how_long_to_wait() {
        let pace = pace("10/s");
        let quota = Quota { remaining: Some(57), reset: Some(Duration::from_secs(3500)), ..Quota::default() };
        pace.admit_measured().await.finish(&PaceSignal { quota, ..PaceSignal::of(RequestResult::Refused) });
        assert!(pace.failing_for() < Duration::from_mins(3), "{:?}", pace.failing_for());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_target_asked_for_is_kept_when_an_earlier_request_succeeds() {
        let pace = pace("1000/s");
        let earlier = pace.admit_measured().await;
        let refused = pace.admit_measured().await;
        for _ in 0..8 {
            pace.admit_measured().await.finish(&PaceSignal::of(RequestResult::Failed));
        }
        refused.finish(&asking_to_wait(RequestResult::Refused, 60));
        let now = Instant::now();
        earlier.finish(&PaceSignal::of(RequestResult::Granted));
        drop(pace.admit_measured().await);
        assert!(now.elapsed() >= Duration::from_mins(1), "sent after {:?}", now.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_a_request_from_before_the_wait_begins_no_new_wait() {
        let pace = pace("1000/s");
        let (first, late) = (pace.admit_measured().await, pace.admit_measured().await);
        first.finish(&asking_to_wait(RequestResult::Refused, 1));
        pace.admit_measured().await.finish(&PaceSignal::of(RequestResult::Granted));
        let rate = pace.figures().rate;
        late.finish(&asking_to_wait(RequestResult::Refused, 1));
        assert_eq!(pace.figures().holding, None);
        pace.admit_measured().await.finish(&PaceSignal::of(RequestResult::Granted));
        assert!(
            pace.figures().rate >= rate,
            "one refusal of all requests counts twice: {rate} {}",
            pace.figures().rate
        );
    }
}
