//! Keeps requests apart, for a target that refuses two that come close together, however few they are.
//!
//! Such a target has a bucket of one: what it does not grant in time is lost, and what comes a moment early is refused,
//! which costs a wait of a second where the target gives the wait in whole seconds, as much as dozens of requests. So the next request
//! is aimed at the moment at which the bucket is full again, an interval after the last one *arrived*. When that was, only
//! the answer tells: it was sent at least as long before as the fastest answer takes, and what it is late beyond that may be
//! the request's lateness or the target's own work. At first all of it counts as the request's, so that nothing is refused
//! that goes at the quota's rate. With each answer a little less of it counts, until a refusal shows that this was too little.
//!
//! So a refusal says which of two things is wrong. If lateness was left out of account, that explains it. If none was, it is
//! certain that the requests arrived as far apart as the rate says, and the rate is too high.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Requests that come after less than this share of the interval are close together.
const CLOSE: f64 = 0.97;

/// So many distances that were granted are remembered. If more than an eighth of them is no larger, the target does not mind.
const DISTANCES: usize = 32;
const EIGHTH: usize = 8;

/// Of an interval, the share that the fastest answer may take if the next request is to wait for each answer.
const SHORT: f64 = 0.7;

/// For how long an answer is waited for at most: a refusal costs as much.
const UNANSWERED: Duration = Duration::from_secs(1);

/// How much slower than the fastest answer so far the next one may be to become the fastest.
const FADING: f64 = 1.002;

/// How much less of an answer's lateness is taken for the request's after each answer. All of it is at first, and again after a
/// refusal that this explains; from then on it becomes less half as fast, for a refusal costs more than many requests that are a
/// moment too late.
const LESS: f64 = 0.0002;

/// Of an interval, the lateness left out of account that explains a refusal.
const EXPLAINS: f64 = 0.02;

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
    /// The last distances that were granted.
    granted: VecDeque<Duration>,
    /// How long the fastest answer of late took.
    fastest: Option<Duration>,
    /// How much of an answer's lateness is the request's, and how much less that becomes with each answer.
    share: f64,
    less: f64,
}

impl Default for Spacing {
    fn default() -> Self {
        Self { since: None, sent: VecDeque::new(), granted: VecDeque::new(), fastest: None, share: 1.0, less: LESS }
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
            None if self.is_short_for(interval) => Some(last.at + interval.max(UNANSWERED)),
            _ => Some(self.arrived(*last) + interval),
        }
    }

    /// A request is sent. Returns how long after the one before it arrives, as far as that can be known.
    pub fn sent(&mut self, now: Instant) -> Duration {
        let apart = self.sent.back().map(|last| now.saturating_duration_since(self.arrived(*last)));
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { at: now, answered: None });
        apart.unwrap_or(Duration::MAX)
    }

    /// What was sent at `sent` was answered. How fast an answer can be is not known from refusals, which are no work.
    pub fn answered(&mut self, sent: Instant, now: Instant, is_refused: bool) {
        let took = now.duration_since(sent);
        if !is_refused {
            self.fastest = Some(self.fastest.map_or(took, |fastest| took.min(fastest.mul_f64(FADING))));
        }
        if let Some(request) = self.sent.iter_mut().find(|request| request.at == sent) {
            request.answered = Some(now);
        }
        self.share *= 1.0 - self.less;
        if self.since.is_some_and(|since| now.duration_since(since) > REMEMBERED_FOR) {
            self.since = None;
        }
    }

    /// A request was refused that was sent at `sent`, so long `apart` from the one before it, where one was due each
    /// `interval`. Returns whether that explains it, and can be avoided from now on.
    pub fn refused(&mut self, now: Instant, sent: Instant, apart: Duration, interval: Duration) -> bool {
        let place = self.sent.iter().position(|request| request.at == sent);
        if !self.is_kept() {
            // The next one may have overtaken it.
            let next = place.and_then(|place| self.sent.get(place + 1)).map(|next| next.at - sent);
            let distance = next.map_or(apart, |next| next.min(apart));
            let is_close = distance < interval.mul_f64(CLOSE) && !self.has_granted(distance);
            self.since = is_close.then_some(now);
            return is_close;
        }
        let before = place.and_then(|place| self.sent.get(place.checked_sub(1)?));
        let left_out = before.map_or(Duration::ZERO, |before| self.lateness(*before).mul_f64(1.0 - self.share));
        // One that was not answered for so long may have arrived at any time.
        let unanswered = self.is_short_for(interval) && before.is_some_and(|before| before.answered.is_none());
        let explains = unanswered || left_out > interval.mul_f64(EXPLAINS);
        if explains {
            (self.share, self.less) = (1.0, self.less / 2.0);
        }
        explains
    }

    /// A request was granted that came so long after the one before it.
    pub fn granted(&mut self, apart: Duration) {
        if self.granted.len() == DISTANCES {
            self.granted.pop_front();
        }
        self.granted.push_back(apart);
    }

    /// Whether distances no larger than this one were granted, and not only because one of two was late.
    fn has_granted(&self, distance: Duration) -> bool {
        let as_small = self.granted.iter().filter(|granted| **granted <= distance).count();
        as_small * EIGHTH > self.granted.len()
    }

    /// When a request arrived, by and large.
    fn arrived(&self, request: Sent) -> Instant {
        request.at + self.lateness(request).mul_f64(self.share)
    }

    /// By how much an answer was late.
    fn lateness(&self, request: Sent) -> Duration {
        let took = request.answered.map_or(Duration::ZERO, |answered| answered.duration_since(request.at));
        took.saturating_sub(self.fastest.unwrap_or_default())
    }

    /// Whether answers can come before the next request is due.
    fn is_short_for(&self, interval: Duration) -> bool {
        self.fastest.is_some_and(|fastest| fastest < interval.mul_f64(SHORT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    /// Sends at this millisecond, with an answer after so many.
    fn exchange(spacing: &mut Spacing, start: Instant, at: u64, took: u64) {
        let sent = start + Duration::from_millis(at);
        spacing.sent(sent);
        spacing.answered(sent, sent + Duration::from_millis(took), false);
    }

    #[test]
    fn an_answer_that_is_late_makes_the_next_request_later_by_as_much() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        spacing.keep(start);
        exchange(&mut spacing, start, 0, 3);
        assert_eq!(spacing.earliest(INTERVAL), Some(start + INTERVAL));
        exchange(&mut spacing, start, 20, 10);
        let earliest = spacing.earliest(INTERVAL).unwrap() - start;
        assert!((46.0..=47.1).contains(&(earliest.as_secs_f64() * 1e3)), "{earliest:?}");
    }

    #[test]
    fn a_refusal_is_explained_by_lateness_that_was_left_out_of_account_and_by_no_other() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        spacing.keep(start);
        exchange(&mut spacing, start, 0, 3);
        for (share, explains) in [(1.0, false), (0.5, true)] {
            spacing.share = share;
            exchange(&mut spacing, start, 20, 10);
            let sent = start + Duration::from_millis(50);
            let apart = spacing.sent(sent);
            assert_eq!(spacing.refused(sent, sent, apart, INTERVAL), explains, "{share}");
        }
        assert!(spacing.share > 0.99, "nothing is left out from now on");
    }

    #[test]
    fn how_fast_an_answer_can_be_is_not_known_from_refusals() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        spacing.keep(start);
        exchange(&mut spacing, start, 0, 3);
        let refused = start + Duration::from_millis(20);
        spacing.sent(refused);
        spacing.answered(refused, refused + Duration::from_micros(200), true);
        exchange(&mut spacing, start, 1000, 3);
        assert_eq!(spacing.earliest(INTERVAL), Some(start + Duration::from_millis(1000) + INTERVAL));
    }

    #[test]
    fn who_grants_small_distances_does_not_refuse_because_of_them() {
        for (granted, is_close) in [(20, true), (5, false)] {
            let (mut spacing, now) = (Spacing::default(), Instant::now());
            (0..8).for_each(|_| spacing.granted(Duration::from_millis(granted)));
            assert_eq!(spacing.refused(now, now, Duration::from_millis(10), INTERVAL), is_close);
        }
    }
}
