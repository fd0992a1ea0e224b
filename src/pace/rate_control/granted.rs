//! What was granted, and what follows from it about the quota.

use tokio::time::Instant;

use super::{MEASURABLE, RateControl, SHORT_WAIT};

/// A rate was granted for a while if it lasted for this many seconds, and for more than a request or two.
const LASTED: f64 = 0.06;
const FEW_GRANTED: f64 = 3.0;

/// Rates down to this share of the refused one count as lately.
const LATELY: f64 = 0.97;

/// Of the requests that a wait should have earned, the share that has to be granted after it if it did earn them.
const EARNED: f64 = 0.25;

/// Up to this share of what was granted at half the rate, and up to so many requests, count as nothing.
const NEXT_TO_NOTHING: (f64, f64) = (0.1, 3.0);

/// What has to be granted for a measurement if it is less: so much over so many seconds.
const MEASURABLE_SLOWLY: (u64, f64) = (5, 10.0);

impl RateControl {
    /// Whether no wait of late was a long one, as in a window.
    pub fn waits_briefly(&self) -> bool {
        self.longest_wait <= SHORT_WAIT
    }

    /// Whether so few requests were granted since the last wait that the wait cannot have earned any, as it does not in a
    /// bucket of one.
    pub fn has_earned_nothing(&self) -> bool {
        !self.last_wait.is_zero() && self.last_wait <= SHORT_WAIT && !self.has_earned()
    }

    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn has_earned(&self) -> bool {
        self.granted as f64 >= EARNED * self.last_wait.as_secs_f64() * self.rate
    }

    /// Whether the rate was granted for a while.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn lasted(&self) -> bool {
        self.granted as f64 >= FEW_GRANTED.max(LASTED * self.rate)
    }

    /// What a target granted that refuses the double of it at once: a quota that is used up in the end, be it that of a
    /// window or of a bucket, is not used up at the very moment at which the rate is doubled.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn proven(&self) -> Option<f64> {
        let (_, _, before) = *self.rates.back().filter(|_| self.finding)?;
        let (_, rate, earlier) = *self.rates.iter().nth_back(1)?;
        let (share, few) = NEXT_TO_NOTHING;
        let nothing = few.max(share * (before - earlier) as f64);
        ((self.granted - before) as f64 <= nothing).then_some(rate)
    }

    /// Whether this quota is what was measured before.
    pub(super) fn is_known(&self, quota: f64) -> bool {
        self.measured.is_some_and(|last| (quota / last - 1.0).abs() < 0.03)
    }

    /// What was granted in a second from the last time that the quota was used up until now, if that is known.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn granted_between(&self, now: Instant) -> Option<f64> {
        let seconds = now.duration_since(self.since).as_secs_f64();
        let (few, slow) = MEASURABLE_SLOWLY;
        let enough = self.granted >= MEASURABLE || self.granted >= few && seconds >= slow;
        enough.then(|| self.granted as f64 / seconds.max(1e-3))
    }

    /// What was granted in a second at about the rate that was refused.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn granted_lately(&self, refused: Instant) -> Option<f64> {
        let lately = self.rates.iter().find(|(_, rate, _)| *rate >= self.rate * LATELY);
        let (since, _, before) = lately.or(self.rates.back())?;
        let seconds = refused.duration_since(*since).as_secs_f64();
        let measured = (self.granted - before) as f64 / seconds.max(1e-3);
        Some(measured.clamp(self.rate * LATELY, self.rate))
    }
}
