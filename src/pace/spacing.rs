//! Keeps requests apart, for a target that refuses two that come close together, however few they are.
//!
//! Such a target has a bucket of one: what it does not grant in time is lost, and what comes a moment early is refused. How
//! long a request is on its way differs from one to the next, so it is not enough to send them at equal distances: if one
//! takes longer than usual, it may have arrived late, and the next one has to be later by as much.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Requests that come after less than this share of the interval are close together.
const CLOSE: f64 = 0.97;

/// Of an interval, the share that a request may take at best if the next one is to wait for its answer.
const SHORT: f64 = 0.7;

/// For how many intervals an answer is waited for that should have come within one.
const UNANSWERED: u32 = 3;

/// Times the usual time: an answer that took longer was late, and some of the lateness may be the request's.
const LATE: f64 = 1.0;

/// How much slower than the fastest answer so far the next one may be to become the fastest.
const FADING: f64 = 1.01;

/// How much of an answer's lateness is taken for the request's, at first: the target may take long for what it granted. It
/// becomes more with each refusal that this explains, and less by and by.
const SHARE: f64 = 0.35;
const LESS: f64 = 0.99985;

/// Of an interval, the lateness that explains a refusal.
const EXPLAINS: f64 = 0.05;

/// Weight of the newest answer in the usual time, which no single answer doubles.
const NEWEST: f64 = 1.0 / 16.0;

/// How many requests are remembered, of which one may overtake another.
const REMEMBERED: usize = 8;

/// What was learnt is tried again after this time.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// A request, and when it was answered.
#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Instant,
    answered: Option<Instant>,
}

/// Keeps requests apart once the target has shown that this matters.
#[derive(Clone, Debug)]
pub struct Spacing {
    /// Since when requests are kept apart.
    since: Option<Instant>,
    /// The last requests.
    sent: VecDeque<Sent>,
    /// How long answers take, and the fastest one of late.
    usual: Option<Duration>,
    fastest: Duration,
    /// How much of an answer's lateness is the request's.
    share: f64,
}

impl Default for Spacing {
    fn default() -> Self {
        Self { since: None, sent: VecDeque::new(), usual: None, fastest: Duration::ZERO, share: 1.0 }
    }
}

impl Spacing {
    /// Whether requests are kept apart.
    pub fn is_kept(&self) -> bool {
        self.since.is_some()
    }

    /// Requests are kept apart from now on.
    pub fn keep(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// The earliest moment for the next request, where one is due each `interval`; nothing if any will do.
    pub fn earliest(&self, interval: Duration) -> Option<Instant> {
        let last = self.sent.back().filter(|_| self.is_kept())?;
        match last.answered {
            // It may still be on its way, however long ago it was sent.
            None if self.is_short_for(interval) => Some(last.at + interval * UNANSWERED),
            _ => Some(self.arrived(*last) + interval),
        }
    }

    /// A request is sent. Tells how long after the one before it arrives, as far as that can be known.
    pub fn sent(&mut self, now: Instant) -> Duration {
        let apart = self.sent.back().map(|last| now.saturating_duration_since(self.arrived(*last)));
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { at: now, answered: None });
        apart.unwrap_or(Duration::MAX)
    }

    /// What was sent at `sent` was answered.
    pub fn answered(&mut self, sent: Instant, now: Instant) {
        let took = now.duration_since(sent);
        self.fastest = self.usual.map_or(took, |_| took.min(self.fastest.mul_f64(FADING)));
        self.usual =
            Some(self.usual.map_or(took, |usual| usual.mul_f64(1.0 - NEWEST) + took.min(usual * 2).mul_f64(NEWEST)));
        if let Some(request) = self.sent.iter_mut().find(|request| request.at == sent) {
            request.answered = Some(now);
        }
        self.share *= LESS;
        if self.since.is_some_and(|since| now.duration_since(since) > REMEMBERED_FOR) {
            self.since = None;
        }
    }

    /// A request was refused that was sent at `sent`, so long `apart` from the one before it, where one was due each
    /// `interval`. Tells whether that explains it, and can be avoided from now on.
    pub fn refused(&mut self, now: Instant, sent: Instant, apart: Duration, interval: Duration) -> bool {
        let place = self.sent.iter().position(|request| request.at == sent);
        if !self.is_kept() {
            // The next one may have overtaken it.
            let next = place.and_then(|place| self.sent.get(place + 1)).map(|next| next.at - sent);
            let is_close = next.map_or(apart, |next| next.min(apart)) < interval.mul_f64(CLOSE);
            self.since = is_close.then_some(now);
            return is_close;
        }
        let before = place.and_then(|place| self.sent.get(place.checked_sub(1)?));
        let late = before.is_some_and(|before| self.lateness(*before) > interval.mul_f64(EXPLAINS));
        let explains = late;
        if late {
            self.share = (self.share + SHARE).min(1.0);
        }
        explains
    }

    /// When a request arrived, by and large.
    fn arrived(&self, request: Sent) -> Instant {
        request.at + self.lateness(request).mul_f64(self.share)
    }

    /// By how much an answer was late.
    fn lateness(&self, request: Sent) -> Duration {
        let took = request.answered.map_or(Duration::ZERO, |answered| answered.duration_since(request.at));
        let is_late = self.usual.is_none_or(|usual| took > usual.mul_f64(LATE));
        if is_late { took.saturating_sub(self.fastest) } else { Duration::ZERO }
    }

    /// Whether answers come before the next request is due.
    fn is_short_for(&self, interval: Duration) -> bool {
        self.usual.is_some_and(|usual| usual < interval.mul_f64(SHORT))
    }
}
