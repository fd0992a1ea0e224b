//! What the target granted, and what that says about its quota.

use tokio::time::Instant;

use super::{MEASURABLE, RateControl, SHORT_WAIT};

/// A rate was granted for a while if it lasted for this many seconds, and for at least this many requests.
const LASTED: f64 = 0.06;
const FEW_GRANTED: f64 = 3.0;

/// Rates down to this share of the refused rate count as recent.
const LATELY: f64 = 0.97;

/// A wait gained something if at least this share of the requests that it should have gained is granted after it.
const EARNED: f64 = 0.25;

/// Next to nothing: up to this share of what was granted at half the rate, and up to this many requests.
const NEXT_TO_NOTHING: (f64, f64) = (0.1, 3.0);

/// Fewer granted requests are enough for a measurement if they took long: this many, over this many seconds.
const MEASURABLE_SLOWLY: (u64, f64) = (5, 10.0);

impl RateControl {
    /// Whether no recent wait was long. A long wait suggests a window.
    pub fn waits_briefly(&self) -> bool {
        self.longest_wait <= SHORT_WAIT
    }

    /// Whether so few requests were granted since the last wait that the wait cannot have gained any. That happens with a
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

    /// The rate before the last doubling, if the doubled rate was refused at once. A window or a larger bucket is not used
    /// up at the very moment of the doubling, so the rate before is the quota.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn proven(&self) -> Option<f64> {
        let (_, _, before) = *self.rates.back().filter(|_| self.finding)?;
        let (_, rate, earlier) = *self.rates.iter().nth_back(1)?;
        let (share, few) = NEXT_TO_NOTHING;
        let nothing = few.max(share * (before - earlier) as f64);
        ((self.granted - before) as f64 <= nothing).then_some(rate)
    }

    /// Whether this quota was measured before.
    pub(super) fn is_known(&self, quota: f64) -> bool {
        self.measured.is_some_and(|last| (quota / last - 1.0).abs() < 0.03)
    }

    /// The requests a second that were granted since the quota was last used up, if they can be measured.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn granted_between(&self, now: Instant) -> Option<f64> {
        let seconds = now.duration_since(self.since).as_secs_f64();
        let (few, slow) = MEASURABLE_SLOWLY;
        let enough = self.granted >= MEASURABLE || self.granted >= few && seconds >= slow;
        enough.then(|| self.granted as f64 / seconds.max(1e-3))
    }

    /// The requests a second that were granted recently, at about the rate that was refused.
    #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
    pub(super) fn granted_lately(&self, refused: Instant) -> Option<f64> {
        let lately = self.rates.iter().find(|(_, rate, _)| *rate >= self.rate * LATELY);
        let (since, _, before) = lately.or(self.rates.back())?;
        let seconds = refused.duration_since(*since).as_secs_f64();
        let measured = (self.granted - before) as f64 / seconds.max(1e-3);
        Some(measured.clamp(self.rate * LATELY, self.rate))
    }
}
