//! What the pace knows, and when the next request may go.

use std::time::Duration;

use tokio::time::Instant;

use super::hold::Hold;
use super::limiter::Limiter;
use super::turn::Turn;
use super::{
    BatchControl, ConcurrencyControl, HoldReason, PaceFigures, PaceRules, PaceSignal, RateControl, RequestResult,
    Spacing,
};

/// A target counts as down after this many failures in a row, and after at least twice as many as may be in flight.
const DOWN_AFTER: usize = 5;

/// The longest reset time that is believed. A header may give it in a unit that nobody can be sure of.
const LONGEST_RESET: Duration = Duration::from_secs(20);

/// A target may ask for a longer wait than the patience of the run. It is asked again after this time, and then believed.
const DOUBTED_FOR: Duration = Duration::from_secs(5);

/// The longest wait that a target asks for when two requests came too close together: it may give waits in whole seconds.
const SHORT: Duration = Duration::from_secs(2);

/// Where requests are kept apart, a request gets its turn this long before it may be sent, because it may have to be made
/// durable first, and that must not make it late.
const LEAD: Duration = Duration::from_millis(100);

/// Where requests are kept apart, at least this many batches are prepared at once, unless the administrator asked for fewer.
const PREPARED: usize = 3;

/// About how long a disk takes to make something durable.
const DURABLE_WITHIN: Duration = Duration::from_millis(10);

/// The most requests that may be planned ahead: for each that may be under way, and in all.
const AHEAD_OF_EACH: usize = 4;
const MOST_AHEAD: usize = 256;

/// What the pace knows.
#[derive(Debug)]
pub(super) struct PaceState {
    pub(super) rate: RateControl,
    pub(super) limiter: Limiter,
    pub(super) spacing: Spacing,
    pub(super) concurrency: ConcurrencyControl,
    pub(super) batch: BatchControl,
    pub(super) hold: Option<Hold>,
    /// When the last hold that is over began.
    pub(super) waited_since: Option<Instant>,
    /// A probe is in flight, and all other requests wait for its answer.
    pub(super) probing: bool,
    pub(super) in_flight: usize,
    /// Requests of these that had their turn and are not sent yet.
    pub(super) unsent: u32,
    pub(super) failures: usize,
    /// Since when requests have been tried and none was granted.
    pub(super) failing_since: Option<Instant>,
    pub(super) answered: u64,
    pub(super) refused: u64,
    /// Slots to take away as soon as they are free.
    pub(super) surplus: usize,
    pub(super) patience: Duration,
    /// How many batches are prepared at least, where requests are kept apart.
    pub(super) prepared: usize,
}

/// What the next request must do.
pub(super) enum NextTurn {
    /// Go; with `probe`, as the one request that goes alone.
    Go {
        probe: bool,
    },
    Until(Instant),
    /// Wait until then, as exactly as the machine can.
    Exactly(Instant),
    /// Wait for the answer to the probe.
    Answer,
}

impl PaceState {
    /// Begins as the rules say.
    pub(super) fn new(rules: &PaceRules) -> Self {
        Self {
            rate: RateControl::new(rules.rate, Instant::now()),
            limiter: Limiter::new(rules.rate.start, rules.rate.burst),
            spacing: Spacing::default(),
            concurrency: ConcurrencyControl::new(rules.concurrency),
            batch: BatchControl::new(rules.items, rules.bytes),
            hold: None,
            waited_since: None,
            probing: false,
            in_flight: 0,
            unsent: 0,
            failures: 0,
            failing_since: None,
            answered: 0,
            refused: 0,
            surplus: 0,
            patience: rules.patience,
            prepared: PREPARED.min(rules.concurrency.most),
        }
    }

    /// Decides whether the next request has its turn.
    pub(super) fn turn(&mut self, now: Instant) -> NextTurn {
        let next = self.next(now, |state| {
            let interval = state.interval();
            // The requests that had their turn are sent before this one.
            let due = state.spacing.earliest(interval).map(|earliest| earliest + interval * state.unsent);
            match due.and_then(|due| due.checked_sub(LEAD)).filter(|turn| now < *turn) {
                Some(turn) => NextTurn::Until(turn),
                None => match state.limiter.check() {
                    Ok(()) => NextTurn::Go { probe: false },
                    Err(wait) => NextTurn::Until(now + wait),
                },
            }
        });
        if let NextTurn::Go { .. } = next {
            self.in_flight += 1;
            self.unsent += 1;
            self.concurrency.in_flight(self.in_flight);
        }
        next
    }

    /// Decides whether a request that had its turn may be sent.
    pub(super) fn departure(&mut self, now: Instant, held: bool) -> NextTurn {
        self.next(now, |state| match state.spacing.earliest(state.interval()).filter(|at| now < *at) {
            Some(at) => NextTurn::Exactly(at),
            // Requests that waited for the end of a hold must not all go at once.
            None if held => state
                .limiter
                .check()
                .map_or_else(|wait| NextTurn::Until(now + wait), |()| NextTurn::Go { probe: false }),
            None => NextTurn::Go { probe: false },
        })
    }

    /// During a hold or a probe, the next request waits, or becomes the probe. Otherwise `otherwise` decides.
    fn next(&mut self, now: Instant, otherwise: impl FnOnce(&mut Self) -> NextTurn) -> NextTurn {
        if self.probing {
            return NextTurn::Answer;
        }
        let next = match self.hold {
            Some(hold) if now < hold.until => NextTurn::Until(hold.until),
            Some(_) => NextTurn::Go { probe: true },
            None => otherwise(self),
        };
        self.probing = matches!(next, NextTurn::Go { probe: true });
        next
    }

    /// How many batches may be in preparation or in flight. Where requests are kept apart, one is prepared while another one
    /// is answered.
    pub(super) fn slots(&self) -> usize {
        self.concurrency.limit().max(if self.spacing.is_kept() { self.prepared } else { 1 })
    }

    /// How many requests may be planned beside those that are under way: those that are sent while a disk writes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    pub(super) fn ahead(&self) -> usize {
        if self.hold.is_some() || self.spacing.is_kept() {
            return 0;
        }
        let meanwhile = (self.rate.rate() * DURABLE_WITHIN.as_secs_f64()) as usize;
        meanwhile.min(AHEAD_OF_EACH * self.concurrency.limit()).min(MOST_AHEAD)
    }

    /// The time from one request to the next at the present rate.
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.rate())
    }

    pub(super) fn finish(&mut self, now: Instant, turn: &Turn, answer: &PaceSignal) {
        self.answered += 1;
        self.spacing.answered(turn.start(), now, answer.result == RequestResult::Refused);
        match answer.result {
            RequestResult::Granted => self.granted(now, turn, answer),
            RequestResult::Refused => {
                self.refused += 1;
                self.rate.refused();
                // A request that was sent before the last hold belongs to the refusal that caused the hold.
                if self.waited_since.is_some_and(|waited| turn.start() <= waited) {
                    return;
                }
                self.failing_since.get_or_insert(now);
                // A target that asks for long waits counts in long windows; then the distance between requests does not
                // matter.
                let (asked, is_first) = (self.asked(now, turn, answer), self.hold.is_none());
                let close =
                    asked.is_none_or(|asked| asked <= SHORT) && self.rate.waits_briefly() && self.is_close(now, turn);
                self.hold_on(now, turn, asked, HoldReason::Refused);
                if let Some(hold) = &mut self.hold {
                    hold.close = if is_first { close } else { hold.close && !turn.probe };
                }
            }
            RequestResult::Failed => {
                self.failures += 1;
                self.failing_since.get_or_insert(now);
                if turn.measured {
                    self.concurrency.failed(now);
                }
                let is_down = self.failures >= DOWN_AFTER.max(2 * self.concurrency.limit());
                match answer.wait {
                    Some(wait) => self.hold_on(now, turn, Some(wait), HoldReason::Asked),
                    None if is_down || turn.probe => self.hold_on(now, turn, None, HoldReason::Down),
                    None => {}
                }
            }
        }
        self.limiter.set_rate(self.rate.rate());
        if turn.probe {
            self.limiter.passed();
        }
    }

    /// Whether the target refused the small distance between requests and not the rate.
    fn is_close(&mut self, now: Instant, turn: &Turn) -> bool {
        let apart = turn.departure.map_or(Duration::MAX, |departure| departure.apart);
        let is_explained = self.spacing.refused(now, turn.start(), apart, self.interval());
        if !self.spacing.is_kept() && self.rate.has_earned_nothing() {
            self.spacing.keep(now);
        }
        is_explained
    }

    /// How long a wait the target asks for, as far as it is believed.
    fn asked(&self, now: Instant, turn: &Turn, answer: &PaceSignal) -> Option<Duration> {
        let patience = self.patience.saturating_sub(self.failing_since.map_or(Duration::ZERO, |since| now - since));
        match answer.wait {
            // If the target asks for it again when it answers the probe, it means it.
            Some(wait) if wait > self.patience && !turn.probe => Some(DOUBTED_FOR.min(patience)),
            Some(wait) => Some(wait),
            // A quota that is not used up was not the reason for the refusal.
            None if answer.quota.remaining.unwrap_or_default() > 0 => None,
            None => answer.quota.reset.map(|reset| reset.min(LONGEST_RESET).min(patience)),
        }
    }

    fn granted(&mut self, now: Instant, turn: &Turn, answer: &PaceSignal) {
        self.failures = 0;
        self.failing_since = None;
        if let Some(departure) = turn.departure {
            self.spacing.granted(departure.apart);
        }
        if turn.measured {
            self.concurrency.answered(now, now.duration_since(turn.start()));
        }
        // An answer to a request from before a refusal says nothing about the quota. But any success shows that a target is
        // no longer down.
        if let Some(hold) = self.hold.filter(|hold| turn.probe || hold.reason == HoldReason::Down) {
            self.hold = None;
            self.waited_since = Some(hold.begun);
            if hold.refused && !hold.close {
                self.rate.resumed(hold.begun, turn.start().max(hold.begun), self.spacing.is_kept());
            } else {
                self.rate.interrupted(now.duration_since(hold.begun));
            }
        }
        self.rate.granted(now, &answer.quota);
    }

    /// Begins a hold. Requests that were in flight together cause only one hold, even if several of them are refused.
    fn hold_on(&mut self, now: Instant, turn: &Turn, wait: Option<Duration>, reason: HoldReason) {
        match &mut self.hold {
            None => self.hold = Some(Hold::begin(now, wait, reason)),
            Some(hold) if turn.probe => hold.probe_failed(now, wait, reason),
            Some(hold) => hold.joined(now, wait, reason),
        }
    }

    /// The figures at this moment.
    #[expect(clippy::cast_precision_loss, reason = "a share for display")]
    pub(super) fn figures(&self, now: Instant) -> PaceFigures {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        let hold = self.hold.filter(|hold| hold.until > now || hold.reason == HoldReason::Down);
        PaceFigures {
            rate: rounded(self.rate.rate()),
            ceiling: Some(self.rate.ceiling()).filter(|ceiling| ceiling.is_finite()).map(rounded),
            reason: self.rate.reason().to_string(),
            concurrency: self.concurrency.limit(),
            batch_size: self.batch.items(),
            refused_share: (self.refused as f64 / self.answered.max(1) as f64 * 1e4).round() / 1e4,
            holding: hold.map(|hold| hold.reason),
            holding_seconds: hold.map(|hold| (hold.until.duration_since(now) + Duration::from_millis(999)).as_secs()),
        }
    }
}
