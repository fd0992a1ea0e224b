//! Keeps requests apart, for a target that refuses two requests that come close together, even if they are few.
//!
//! Such a target has a bucket of one request. What it does not grant in time is lost. A request that comes a moment early is
//! refused, and costs a wait of a second if the target gives waits in whole seconds: as much as dozens of requests. So the
//! next request aims at the moment when the bucket is full again: one interval after the last request *arrived*. Only the
//! answer shows when that was. The request arrived at the latest one fastest answer time before its answer. If the answer
//! took longer than the fastest one, either the request arrived late, or the target took long. At first all of this lateness
//! counts as the request's: then no request at the rate of the quota is refused. With each answer a little less of it counts,
//! until a refusal shows that this was too little.
//!
//! So a refusal shows which of two things is wrong. If some lateness was not counted, that explains the refusal. If all was
//! counted, the requests certainly arrived as far apart as the rate says, and the rate is too high.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Requests are close together if less than this share of the interval is between them.
const CLOSE: f64 = 0.97;

/// How many granted distances are remembered. If more than an eighth of them is no larger, the target accepts such
/// distances.
const DISTANCES: usize = 32;
const EIGHTH: usize = 8;

/// The next request waits for each answer if the fastest answer takes at most this share of an interval.
const SHORT: f64 = 0.7;

/// How long to wait for an answer at most. A refusal costs as much.
const UNANSWERED: Duration = Duration::from_secs(1);

/// How much slower than the fastest answer the next one may be to become the fastest.
const FADING: f64 = 1.002;

/// How much less of an answer's lateness counts as the request's after each answer. All of it counts at first, and again after
/// a refusal that this explains. From then on the share falls half as fast, because a refusal costs more than many requests
/// that are a moment too late.
const LESS: f64 = 0.0002;

/// The share of an interval by which uncounted lateness explains a refusal.
const EXPLAINS: f64 = 0.02;

/// How many requests are remembered, because one may overtake another.
const REMEMBERED: usize = 8;

/// After this time the program checks again whether requests must be kept apart.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);

/// When a request was sent, and when it was answered.
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
    /// The last distances between requests that were granted.
    granted: VecDeque<Duration>,
    /// How long the fastest recent answer took.
    fastest: Option<Duration>,
    /// How much of an answer's lateness counts as the request's, and how much less that becomes with each answer.
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

    /// Keeps requests apart from now on.
    pub fn keep(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// The earliest moment for the next request, if one is due each `interval`; nothing if it may be sent at any time.
    pub fn earliest(&self, interval: Duration) -> Option<Instant> {
        let last = self.sent.back().filter(|_| self.is_kept())?;
        match last.answered {
            // The last request may still be on its way, even if it was sent long ago.
            None if self.is_short_for(interval) => Some(last.at + interval.max(UNANSWERED)),
            _ => Some(self.arrived(*last) + interval),
        }
    }

    /// Notes that a request is sent. Returns how long after the request before it this one arrives, as far as that can be
    /// known.
    pub fn sent(&mut self, now: Instant) -> Duration {
        let apart = self.sent.back().map(|last| now.saturating_duration_since(self.arrived(*last)));
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { at: now, answered: None });
        apart.unwrap_or(Duration::MAX)
    }

    /// Notes that the request sent at `sent` was answered. Refusals do not show how fast an answer can be: they are no work.
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

    /// Notes that a request was refused. It was sent at `sent`, this long `apart` from the one before, where one was due
    /// each `interval`. Returns whether the distance explains the refusal and can be avoided from now on.
    pub fn refused(&mut self, now: Instant, sent: Instant, apart: Duration, interval: Duration) -> bool {
        let place = self.sent.iter().position(|request| request.at == sent);
        if !self.is_kept() {
            // The next request may have overtaken it.
            let next = place.and_then(|place| self.sent.get(place + 1)).map(|next| next.at - sent);
            let distance = next.map_or(apart, |next| next.min(apart));
            let is_close = distance < interval.mul_f64(CLOSE) && !self.has_granted(distance);
            self.since = is_close.then_some(now);
            return is_close;
        }
        let before = place.and_then(|place| self.sent.get(place.checked_sub(1)?));
        let left_out = before.map_or(Duration::ZERO, |before| self.lateness(*before).mul_f64(1.0 - self.share));
        // A request without an answer for so long may have arrived at any time.
        let unanswered = self.is_short_for(interval) && before.is_some_and(|before| before.answered.is_none());
        let explains = unanswered || left_out > interval.mul_f64(EXPLAINS);
        if explains {
            (self.share, self.less) = (1.0, self.less / 2.0);
        }
        explains
    }

    /// Notes that a request was granted that came this long after the one before it.
    pub fn granted(&mut self, apart: Duration) {
        if self.granted.len() == DISTANCES {
            self.granted.pop_front();
        }
        self.granted.push_back(apart);
    }

    /// Whether distances no larger than this were granted, and not only because one of two requests was late.
    fn has_granted(&self, distance: Duration) -> bool {
        let as_small = self.granted.iter().filter(|granted| **granted <= distance).count();
        as_small * EIGHTH > self.granted.len()
    }

    /// About when a request arrived.
    fn arrived(&self, request: Sent) -> Instant {
        request.at + self.lateness(request).mul_f64(self.share)
    }

    /// How much later than the fastest answer an answer came.
    fn lateness(&self, request: Sent) -> Duration {
        let took = request.answered.map_or(Duration::ZERO, |answered| answered.duration_since(request.at));
        took.saturating_sub(self.fastest.unwrap_or_default())
    }

    /// Whether an answer can come before the next request is due.
    fn is_short_for(&self, interval: Duration) -> bool {
        self.fastest.is_some_and(|fastest| fastest < interval.mul_f64(SHORT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    /// Sends at this millisecond; the answer takes this many milliseconds.
    fn exchange(spacing: &mut Spacing, start: Instant, at: u64, took: u64) {
        let sent = start + Duration::from_millis(at);
        spacing.sent(sent);
        spacing.answered(sent, sent + Duration::from_millis(took), false);
    }

    #[test]
    fn a_late_answer_delays_the_next_request_by_as_much() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        spacing.keep(start);
        exchange(&mut spacing, start, 0, 3);
        assert_eq!(spacing.earliest(INTERVAL), Some(start + INTERVAL));
        exchange(&mut spacing, start, 20, 10);
        let earliest = spacing.earliest(INTERVAL).unwrap() - start;
        assert!((46.0..=47.1).contains(&(earliest.as_secs_f64() * 1e3)), "{earliest:?}");
    }

    #[test]
    fn a_refusal_is_explained_by_lateness_that_was_not_counted_and_by_no_other() {
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
        assert!(spacing.share > 0.99, "all of it counts from now on");
    }

    #[test]
    fn a_refusal_does_not_count_as_a_fast_answer() {
        let (mut spacing, start) = (Spacing::default(), Instant::now());
        spacing.keep(start);
        exchange(&mut spacing, start, 0, 3);
        let refused = start + Duration::from_millis(20);
        spacing.sent(refused);
        spacing.answered(refused, refused + Duration::from_micros(200), true);
        exchange(&mut spacing, start, 1000, 3);
        assert_eq!(spacing.earliest(INTERVAL), Some(start + Duration::from_secs(1) + INTERVAL));
    }

    #[test]
    fn a_target_that_grants_small_distances_does_not_refuse_because_of_them() {
        for (granted, is_close) in [(20, true), (5, false)] {
            let (mut spacing, now) = (Spacing::default(), Instant::now());
            (0..8).for_each(|_| spacing.granted(Duration::from_millis(granted)));
            assert_eq!(spacing.refused(now, now, Duration::from_millis(10), INTERVAL), is_close);
        }
    }
}
