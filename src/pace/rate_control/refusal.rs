//! How the rate changes after a refusal.

use std::time::Duration;

use tokio::time::Instant;

use super::{FIRST_INCREASE, FIRST_PAUSE, MEASURABLE, RateControl, SHORT_WAIT, UNDER};
use crate::pace::{RateReason, RateRules};

/// Where requests are kept apart, a request that is a moment early is refused at once, and every refusal costs a wait. So
/// the rate rises only after this time, and goes back by this share at a refusal.
const APART_PAUSE: Duration = Duration::from_mins(1);
const APART_DECREASE: f64 = 0.01;

/// How far the rate goes back after a refusal that came soon, though not at once.
const APART_DECREASE_SOON: f64 = 0.03;

/// Where requests are kept apart: the increase after a hurried increase was refused, and how far the rate goes back if that
/// is refused, too. A rate that was granted for a moment may have been granted only because requests were late.
const HURRIED_AGAIN: f64 = 0.02;
const HURRIED_BACK: f64 = 0.04;

/// The largest decreases after the first, second, ... refusal in a row. What is measured between two refusals close together
/// may be mostly waiting.
const DECREASES: [f64; 4] = [0.95, 0.85, 0.7, 0.5];

/// The limit is sought again from a slow rate after this many refusals in a row that measured nothing, if the rate is this
/// many times the one at which `auto` begins.
const UNMEASURED: usize = 1;
const FAR_OFF: f64 = 4.0;

/// The increase after the limit was found in a hurry, until the next refusal, and the pause before it.
const HURRIED_INCREASE: f64 = 0.05;
const HURRIED_PAUSE: Duration = Duration::from_secs(3);

/// The longest time that the rate stays after a refusal.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// The rate stays at least this many times the longest recent wait, because a sliding window still counts requests from
/// before the wait.
const PAUSE_PER_WAIT: f64 = 1.5;

impl RateControl {
    /// The target grants requests again since `resumed`, after it refused one at `refused`, when the quota was used up.
    /// `apart` says whether requests are kept apart, because waiting gains nothing at this target.
    pub fn resumed(&mut self, refused: Instant, resumed: Instant, apart: bool) {
        self.apart = apart;
        let waited = resumed.duration_since(refused);
        let is_short = waited <= SHORT_WAIT;
        let has_earned = self.has_earned();
        self.last_wait = waited;
        let is_apart = apart && is_short && self.waits_briefly() && !self.finding;
        if is_apart && self.granted >= MEASURABLE && has_earned {
            return self.step_back(resumed, APART_DECREASE);
        }
        if is_apart && self.granted < MEASURABLE && self.lasted() {
            return self.step_back(resumed, APART_DECREASE_SOON);
        }
        let late = !self.finding && refused > self.stays_until;
        let measured = match self.proven().filter(|_| is_short) {
            None if late => self.granted_lately(refused),
            None => self.granted_between(resumed),
            proven => proven,
        };
        self.soon_refused = if late { 0 } else { self.soon_refused + 1 };
        let is_far_off = self.soon_refused >= UNMEASURED && self.rate > RateRules::START * FAR_OFF;
        if measured.is_none() && is_far_off && self.waits_briefly() {
            return self.find_from_below(resumed);
        }
        let least = self.rate * DECREASES[(self.soon_refused.max(1) - 1).min(DECREASES.len() - 1)];
        // The target refused this rate, so its quota is no higher, even if a bucket that was full at first suggests it.
        let quota = match measured {
            Some(measured) if self.finding => measured.min(self.rate),
            Some(measured) => measured.clamp(least, self.rate),
            None => least,
        };
        self.stay(resumed, waited, measured.is_some() && self.is_known(quota));
        if apart && is_short {
            // The measured time includes waits that gained nothing.
            (self.increase, self.hurried) = (HURRIED_INCREASE, true);
            self.stays_until = resumed + HURRIED_PAUSE;
        }
        self.refused_at = if self.refused_at > 0.0 { self.rate } else { quota };
        self.measured = Some(quota);
        self.begin_anew(resumed);
        self.set(resumed, quota * UNDER, RateReason::Measured(quota));
    }

    /// Goes back a small step: some requests were granted before one came a moment too early, so the rate is at the limit.
    fn step_back(&mut self, now: Instant, least: f64) {
        let hurried = self.increase >= HURRIED_INCREASE;
        let back = if self.hurried && !hurried { HURRIED_BACK } else { self.increase.max(least) };
        let quota = self.rate / (1.0 + back);
        let (increase, stays_for) =
            if hurried { (HURRIED_AGAIN, HURRIED_PAUSE) } else { (FIRST_INCREASE, APART_PAUSE) };
        (self.increase, self.hurried) = (increase, hurried);
        (self.refused_at, self.measured, self.soon_refused) = (self.rate, Some(quota), 0);
        self.stays_until = now + stays_for;
        self.begin_anew(now);
        self.set(now, quota, RateReason::Measured(quota));
    }

    /// Starts the search again from a slow rate, because nothing can be measured at a rate that is far too high.
    fn find_from_below(&mut self, now: Instant) {
        (self.finding, self.soon_refused) = (true, 0);
        self.begin_anew(now);
        self.set(now, RateRules::START, RateReason::Finding);
    }

    /// Forgets what was granted so far.
    fn begin_anew(&mut self, now: Instant) {
        (self.since, self.granted) = (now, 0);
        (self.looked, self.granted_since) = (now, 0);
        self.rates.clear();
    }

    /// Decides how long the rate stays, and how fast it rises after that.
    fn stay(&mut self, resumed: Instant, waited: Duration, nothing_new: bool) {
        self.longest_wait = waited.max(self.longest_wait.mul_f64(0.8));
        self.stays_for = if nothing_new { (self.stays_for * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
        (self.increase, self.hurried) = (FIRST_INCREASE, false);
        if self.finding {
            // The refusals of the search do not count.
            (self.finding, self.recent, self.recently_refused) = (false, 0.0, 0.0);
            (self.stays_for, self.increase, self.hurried) = (HURRIED_PAUSE, HURRIED_INCREASE, true);
        }
        self.stays_until = resumed + self.stays_for.max(self.longest_wait.mul_f64(PAUSE_PER_WAIT));
    }
}
