//! The gate that all requests of a run go through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::limiter::Limiter;
use super::{Answer, BatchControl, ConcurrencyControl, ConcurrencyRules, RateControl, RateRules, Spacing, Timer, Verdict};

/// Failures in a row after which a target counts as down, and at least twice as many as requests may be under way.
const DOWN_AFTER: usize = 5;

/// The waits after a refusal without a word about how long, and between two probes of a target that is down.
const REFUSED_WAITS: (f64, f64) = (0.5, 20.0);
const DOWN_WAITS: (f64, f64) = (1.0, 15.0);

/// A header that says when the quota is reset, in a unit that nobody can be sure of, is believed for so long at most.
const LONGEST_RESET: Duration = Duration::from_secs(20);

/// A refusal that asks for a longer wait than anybody has patience for is believed when it is repeated after this time.
const DOUBTED_FOR: Duration = Duration::from_secs(5);

/// The longest wait that is asked for because two requests came too close together: it is told in whole seconds.
const SHORT: Duration = Duration::from_secs(2);

/// How long before a request may be sent its turn comes, where requests are kept apart: it may have to be made durable
/// first, and that must not make it late.
const LEAD: Duration = Duration::from_millis(100);

/// How many batches are on their way at least where requests are kept apart, unless fewer were asked for.
const PREPARED: usize = 3;

/// How fast a run may go.
#[derive(Clone, Copy, Debug)]
pub struct PaceRules {
    /// Bounds of the rate.
    pub rate: RateRules,
    /// Bounds of the concurrency.
    pub concurrency: ConcurrencyRules,
    /// The most items in one request.
    pub items: usize,
    /// The most bytes in one request.
    pub bytes: usize,
    /// For how long it is tried in vain.
    pub patience: Duration,
    /// How moments are waited for.
    pub timer: Timer,
}

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// A request was refused for going too fast.
    Refused,
    /// The target asked for it.
    Asked,
    /// The target fails everything.
    Down,
}

/// A while in which nothing is sent; then one request tries.
#[derive(Clone, Copy, Debug)]
struct Hold {
    reason: HoldReason,
    begun: Instant,
    until: Instant,
    tries: i32,
    /// Whether the quota was used up, so that it can be measured.
    refused: bool,
    /// Whether it was only that two requests came too close together.
    close: bool,
}

/// The figures of the pace at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaceFigures {
    /// Requests a second that may be sent.
    pub rate: f64,
    /// The most it may become; nothing if there is no limit but what the target refuses.
    pub ceiling: Option<f64>,
    /// Why the rate is what it is.
    pub reason: String,
    /// How many requests may be under way at once.
    pub concurrency: usize,
    /// The most users in one request.
    pub batch_size: usize,
    /// The share of all requests that was refused for going too fast, from 0 to 1.
    pub refused_share: f64,
    /// Why nothing is sent, if nothing is.
    pub holding: Option<HoldReason>,
    /// For how long, in seconds.
    pub holding_seconds: Option<u64>,
}

#[derive(Debug)]
struct State {
    rate: RateControl,
    limiter: Limiter,
    spacing: Spacing,
    concurrency: ConcurrencyControl,
    batch: BatchControl,
    hold: Option<Hold>,
    /// When the last wait that is over began.
    waited_since: Option<Instant>,
    /// A single request is under way whose answer the others wait for.
    probing: bool,
    under_way: usize,
    /// Those of them that had their turn and are not sent yet.
    unsent: u32,
    failures: usize,
    /// Since when nothing was granted, though it was tried.
    in_vain_since: Option<Instant>,
    answered: u64,
    refused: u64,
    /// Slots to be taken away as soon as they are free.
    surplus: usize,
    patience: Duration,
    /// How many batches are on their way at least where requests are kept apart.
    prepared: usize,
}

/// What the next request has to do.
enum Next {
    /// Go, perhaps as the one that tries.
    Go {
        probe: bool,
    },
    Until(Instant),
    /// Wait until then, and not a moment longer.
    Exactly(Instant),
    /// Wait for the answer to the one that tries.
    Answer,
}

impl State {
    /// Whether the next request has its turn.
    fn turn(&mut self, now: Instant) -> Next {
        let next = self.next(now, |state| {
            let interval = state.interval();
            // Those who had their turn are sent before.
            let due = state.spacing.earliest(interval).map(|earliest| earliest + interval * state.unsent);
            match due.and_then(|due| due.checked_sub(LEAD)).filter(|turn| now < *turn) {
                Some(turn) => Next::Until(turn),
                None => match state.limiter.check() {
                    Ok(()) => Next::Go { probe: false },
                    Err(wait) => Next::Until(now + wait),
                },
            }
        });
        if let Next::Go { .. } = next {
            self.under_way += 1;
            self.unsent += 1;
            self.concurrency.under_way(self.under_way);
        }
        next
    }

    /// Whether a request that had its turn may be sent.
    fn departure(&mut self, now: Instant, held: bool) -> Next {
        self.next(now, |state| match state.spacing.earliest(state.interval()).filter(|at| now < *at) {
            Some(at) => Next::Exactly(at),
            // Those who waited until a refusal was over must not all go at once.
            None if held => {
                state.limiter.check().map_or_else(|wait| Next::Until(now + wait), |()| Next::Go { probe: false })
            }
            None => Next::Go { probe: false },
        })
    }

    /// While everybody waits, that is all there is to it; `otherwise` decides when nobody does.
    fn next(&mut self, now: Instant, otherwise: impl FnOnce(&mut Self) -> Next) -> Next {
        if self.probing {
            return Next::Answer;
        }
        let next = match self.hold {
            Some(hold) if now < hold.until => Next::Until(hold.until),
            Some(_) => Next::Go { probe: true },
            None => otherwise(self),
        };
        self.probing = matches!(next, Next::Go { probe: true });
        next
    }

    /// How many batches may be on their way. Where requests are kept apart, one is prepared while another one is answered.
    fn slots(&self) -> usize {
        self.concurrency.limit().max(if self.spacing.is_kept() { self.prepared } else { 1 })
    }

    /// The time from one request to the next at the rate of now.
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.rate())
    }

    fn finish(&mut self, now: Instant, permit: &Permit, answer: &Answer) {
        self.answered += 1;
        self.spacing.answered(permit.sent, now);
        match answer.verdict {
            Verdict::Granted => self.granted(now, permit, answer),
            Verdict::Refused => {
                self.refused += 1;
                self.rate.refused();
                // What was sent before everybody waited is part of what was waited for.
                if self.waited_since.is_some_and(|waited| permit.sent <= waited) {
                    return;
                }
                self.in_vain_since.get_or_insert(now);
                // Who counts in long windows asks for long waits, and it is not the distance that counts.
                let (asked, is_first) = (self.asked(now, permit, answer), self.hold.is_none());
                let close =
                    asked.is_none_or(|asked| asked <= SHORT) && self.rate.waits_briefly() && self.is_close(now, permit);
                self.hold_on(now, permit, asked, HoldReason::Refused);
                if let Some(hold) = &mut self.hold {
                    hold.close = if is_first { close } else { hold.close && !permit.probe };
                }
            }
            Verdict::Failed => {
                self.failures += 1;
                self.in_vain_since.get_or_insert(now);
                if permit.measured {
                    self.concurrency.failed(now);
                }
                let is_down = self.failures >= DOWN_AFTER.max(2 * self.concurrency.limit());
                match answer.wait {
                    Some(wait) => self.hold_on(now, permit, Some(wait), HoldReason::Asked),
                    None if is_down || permit.probe => self.hold_on(now, permit, None, HoldReason::Down),
                    None => {}
                }
            }
        }
        self.limiter.set_rate(self.rate.rate());
        if permit.probe {
            self.limiter.passed();
        }
    }

    /// Whether it was not the rate that was refused, but that requests came close together.
    fn is_close(&mut self, now: Instant, permit: &Permit) -> bool {
        let apart = permit.apart.unwrap_or(Duration::MAX);
        let is_explained = self.spacing.refused(now, permit.sent, apart, self.interval());
        if !self.spacing.is_kept() && self.rate.has_earned_nothing() {
            self.spacing.keep(now);
        }
        is_explained
    }

    /// For how long a refusal asks to be left alone, as far as that is believed.
    fn asked(&self, now: Instant, permit: &Permit, answer: &Answer) -> Option<Duration> {
        let patience = self.patience.saturating_sub(self.in_vain_since.map_or(Duration::ZERO, |since| now - since));
        match answer.wait {
            // The one that tries says it once more: then it is meant.
            Some(wait) if wait > self.patience && !permit.probe => Some(DOUBTED_FOR.min(patience)),
            Some(wait) => Some(wait),
            // A quota that is not used up was not what refused it.
            None if answer.quota.remaining.unwrap_or_default() > 0 => None,
            None => answer.quota.reset.map(|reset| reset.min(LONGEST_RESET).min(patience)),
        }
    }

    fn granted(&mut self, now: Instant, permit: &Permit, answer: &Answer) {
        self.failures = 0;
        self.in_vain_since = None;
        if let Some(apart) = permit.apart {
            self.spacing.granted(apart);
        }
        if permit.measured {
            self.concurrency.answered(now, now.duration_since(permit.sent));
        }
        // An answer to what was sent before a refusal says nothing about the quota; of a target that was down it says all.
        if let Some(hold) = self.hold.filter(|hold| permit.probe || hold.reason == HoldReason::Down) {
            self.hold = None;
            self.waited_since = Some(hold.begun);
            if hold.refused && !hold.close {
                self.rate.resumed(hold.begun, permit.sent.max(hold.begun), self.spacing.is_kept());
            } else {
                self.rate.interrupted(now.duration_since(hold.begun));
            }
        }
        self.rate.granted(now, &answer.quota);
    }

    /// Makes everybody wait: once, however many requests were refused that were under way together.
    fn hold_on(&mut self, now: Instant, permit: &Permit, wait: Option<Duration>, reason: HoldReason) {
        let refused = reason == HoldReason::Refused;
        let own = |tries: i32| {
            let (first, most) = if refused { REFUSED_WAITS } else { DOWN_WAITS };
            let whole = (first * 2f64.powi(tries)).min(most);
            Duration::from_secs_f64(whole * (0.5 + fastrand::f64() / 2.0))
        };
        match &mut self.hold {
            None => {
                let until = now + wait.unwrap_or_else(|| own(0));
                self.hold = Some(Hold { reason, begun: now, until, tries: 1, refused, close: false });
            }
            Some(hold) if permit.probe => {
                // A target that says "at once" again and again is not taken at its word.
                hold.until = now + own(hold.tries).max(wait.unwrap_or_default());
                hold.tries = hold.tries.saturating_add(1).min(16);
                hold.reason = reason;
                hold.refused |= refused;
            }
            Some(hold) => {
                if let Some(wait) = wait {
                    hold.until = hold.until.max(now + wait);
                    // An earlier request that is answered well does not take back what was told.
                    hold.reason = reason;
                }
                hold.refused |= refused;
            }
        }
    }
}

/// The pace of a run, shared by all that is sent.
#[derive(Debug)]
pub struct Pace {
    state: Mutex<State>,
    /// Whoever comes first is served first.
    queue: tokio::sync::Mutex<()>,
    /// The same for those who had their turn.
    departures: tokio::sync::Mutex<()>,
    /// Tells the first of each that something changed.
    changed: Notify,
    slots: Arc<Semaphore>,
    timer: Timer,
}

impl Pace {
    /// Begins as the rules say.
    pub fn new(rules: &PaceRules) -> Arc<Self> {
        let concurrency = ConcurrencyControl::new(rules.concurrency);
        let slots = Arc::new(Semaphore::new(concurrency.limit()));
        let state = State {
            rate: RateControl::new(rules.rate, Instant::now()),
            limiter: Limiter::new(rules.rate.start, rules.rate.burst),
            spacing: Spacing::default(),
            concurrency,
            batch: BatchControl::new(rules.items, rules.bytes),
            hold: None,
            waited_since: None,
            probing: false,
            under_way: 0,
            unsent: 0,
            failures: 0,
            in_vain_since: None,
            answered: 0,
            refused: 0,
            surplus: 0,
            patience: rules.patience,
            prepared: PREPARED.min(rules.concurrency.most),
        };
        Arc::new(Self {
            state: Mutex::new(state),
            queue: tokio::sync::Mutex::default(),
            departures: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            slots,
            timer: rules.timer,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for one more batch on its way.
    pub async fn slot(self: &Arc<Self>) -> Slot {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        Slot { pace: Arc::clone(self), permit }
    }

    /// Waits for the turn to send one request. `measured` says whether the time it takes tells about the concurrency.
    pub async fn admit(self: &Arc<Self>, measured: bool) -> Permit {
        let _place = self.queue.lock().await;
        let (now, probe) = self.wait(State::turn).await;
        let pace = Arc::clone(self);
        Permit { pace, sent: now, apart: None, probe, measured, open: true }
    }

    /// Waits until the next request may go. Tells when that is, and whether it is the one that tries.
    async fn wait(&self, next: impl Fn(&mut State, Instant) -> Next) -> (Instant, bool) {
        loop {
            // Registered before the look, so that no change is missed in between.
            let changed = self.changed.notified();
            let now = Instant::now();
            let next = next(&mut self.state(), now);
            match next {
                Next::Go { probe } => return (now, probe),
                Next::Answer => changed.await,
                Next::Until(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = changed => {}
                    }
                }
                Next::Exactly(at) => {
                    tokio::select! {
                        () = self.timer.until(at) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    /// For how long nothing will have been granted, though it was tried, when the next request may try.
    pub fn in_vain_for(&self) -> Duration {
        let (now, state) = (Instant::now(), self.state());
        let next = state.hold.map_or(now, |hold| hold.until.max(now));
        state.in_vain_since.map_or(Duration::ZERO, |since| next.duration_since(since))
    }

    /// Something else is tried now: it is given as long as the first one was.
    pub fn hope_again(&self) {
        self.state().in_vain_since = None;
    }

    /// The bounds of a request's size, to read or to change.
    pub fn batch<T>(&self, look: impl FnOnce(&mut BatchControl) -> T) -> T {
        look(&mut self.state().batch)
    }

    /// The figures of this moment.
    #[expect(clippy::cast_precision_loss, reason = "a share for display")]
    pub fn figures(&self) -> PaceFigures {
        let (now, state) = (Instant::now(), self.state());
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        let hold = state.hold.filter(|hold| hold.until > now || hold.reason == HoldReason::Down);
        PaceFigures {
            rate: rounded(state.rate.rate()),
            ceiling: Some(state.rate.ceiling()).filter(|ceiling| ceiling.is_finite()).map(rounded),
            reason: state.rate.reason().to_string(),
            concurrency: state.concurrency.limit(),
            batch_size: state.batch.items(),
            refused_share: (state.refused as f64 / state.answered.max(1) as f64 * 1e4).round() / 1e4,
            holding: hold.map(|hold| hold.reason),
            holding_seconds: hold.map(|hold| (hold.until.duration_since(now) + Duration::from_millis(999)).as_secs()),
        }
    }

    fn finish(&self, permit: &Permit, answer: Option<&Answer>) {
        {
            let mut state = self.state();
            state.under_way -= 1;
            let before = state.slots();
            state.unsent -= u32::from(permit.apart.is_none());
            if permit.probe {
                state.probing = false;
            }
            if let Some(answer) = answer {
                state.finish(Instant::now(), permit, answer);
            }
            self.resize(&mut state, before);
        }
        self.changed.notify_waiters();
    }

    /// Gives out more slots, or takes some away.
    fn resize(&self, state: &mut State, before: usize) {
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

/// Room for a batch on its way. It is given back when dropped.
#[derive(Debug)]
pub struct Slot {
    pace: Arc<Pace>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

/// The turn to send one request. One that is dropped counts as not sent.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    pace: Arc<Pace>,
    sent: Instant,
    /// How long after the request before it it arrives; nothing until it departs.
    apart: Option<Duration>,
    probe: bool,
    measured: bool,
    open: bool,
}

impl Permit {
    /// Waits until the request may be sent, which is at once unless the target refused or failed others since its turn, or
    /// wants them apart.
    pub async fn depart(&mut self) {
        // The others wait for the one that tries.
        let _place = if self.probe { None } else { Some(self.pace.departures.lock().await) };
        let mut now = Instant::now();
        if !self.probe {
            let held = AtomicBool::new(false);
            let next = |state: &mut State, now| {
                let held = held.fetch_or(state.hold.is_some(), Ordering::Relaxed) || state.hold.is_some();
                state.departure(now, held)
            };
            (now, self.probe) = self.pace.wait(next).await;
        }
        let mut state = self.pace.state();
        state.unsent -= u32::from(self.apart.is_none());
        (self.sent, self.apart) = (now, Some(state.spacing.sent(now)));
    }

    /// Tells what became of the request.
    pub fn finish(mut self, answer: &Answer) {
        self.open = false;
        self.pace.finish(&self, Some(answer));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.pace.finish(self, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::pace::{Quota, RateChoice};

    fn pace(rate: &str) -> Arc<Pace> {
        let choice: RateChoice = rate.parse().unwrap();
        Pace::new(&PaceRules {
            rate: RateRules::new(choice, None, None, NonZeroU32::MIN),
            concurrency: ConcurrencyRules::new(Some(4)),
            items: 500,
            bytes: 1 << 20,
            patience: Duration::from_mins(3),
            timer: Timer::Tokio,
        })
    }

    fn told(verdict: Verdict, wait: u64) -> Answer {
        Answer { wait: Some(Duration::from_secs(wait)), ..Answer::of(verdict) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_says_at_once_again_and_again_is_not_asked_faster_than_the_rate() {
        for verdict in [Verdict::Refused, Verdict::Failed] {
            let (pace, start) = (pace("2/s"), Instant::now());
            for _ in 0..100 {
                pace.admit(true).await.finish(&told(verdict, 0));
            }
            assert!(start.elapsed() >= Duration::from_secs(45), "{verdict:?}: 100 requests in {:?}", start.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_is_not_used_up_says_nothing_about_how_long_to_wait() {
        let pace = pace("10/s");
        let quota = Quota { remaining: Some(57), reset: Some(Duration::from_secs(3500)), ..Quota::default() };
        pace.admit(true).await.finish(&Answer { quota, ..Answer::of(Verdict::Refused) });
        assert!(pace.in_vain_for() < Duration::from_mins(3), "{:?}", pace.in_vain_for());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_told_is_kept_whatever_an_earlier_request_brings() {
        let pace = pace("1000/s");
        let earlier = pace.admit(true).await;
        let refused = pace.admit(true).await;
        for _ in 0..8 {
            pace.admit(true).await.finish(&Answer::of(Verdict::Failed));
        }
        refused.finish(&told(Verdict::Refused, 60));
        let now = Instant::now();
        earlier.finish(&Answer::of(Verdict::Granted));
        drop(pace.admit(true).await);
        assert!(now.elapsed() >= Duration::from_mins(1), "sent after {:?}", now.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_what_was_sent_before_the_wait_does_not_begin_another() {
        let pace = pace("1000/s");
        let (first, late) = (pace.admit(true).await, pace.admit(true).await);
        first.finish(&told(Verdict::Refused, 1));
        pace.admit(true).await.finish(&Answer::of(Verdict::Granted));
        let rate = pace.figures().rate;
        late.finish(&told(Verdict::Refused, 1));
        assert_eq!(pace.figures().holding, None);
        pace.admit(true).await.finish(&Answer::of(Verdict::Granted));
        assert!(pace.figures().rate >= rate, "one refusal of everybody counts twice: {rate} {}", pace.figures().rate);
    }
}
