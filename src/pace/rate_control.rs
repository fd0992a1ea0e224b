//! Finds the rate that the target allows, and stays just below it.
//!
//! At a refusal the quota is used up. So the requests that the target granted between one refusal and another soon after it
//! are exactly its quota. This holds for a token bucket, a leaky bucket, and a fixed or a sliding window; the kind need not
//! be known. If a refusal comes late, the rate was only slightly too high, and only recently, because it rises slowly: then
//! the recently granted requests are the quota. A bucket of one request loses what it does not grant in time, so waiting
//! gains nothing: there the rate goes back only a small step, to a rate that was granted. The rate then stays just below the
//! quota for a while, and rises slowly until the next refusal; it rises faster the longer nothing is refused. A refusal that
//! teaches nothing new makes these pauses longer.

mod granted;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::{Quota, RateReason, RateRules};

/// The rate is the quota times this.
const UNDER: f64 = 0.985;

/// Where requests are kept apart, a request that is a moment early is refused at once, and every refusal costs a wait. So
/// the rate rises only after this time, and goes back by this share at a refusal.
const APART_WHILE: Duration = Duration::from_mins(1);
const APART_DECREASE: f64 = 0.01;

/// How far the rate goes back after a refusal that came soon, though not at once.
const APART_DECREASE_SOON: f64 = 0.03;
/// The rate limits the run if this share of it is used. Where requests are kept apart the share is smaller, because a late
/// timer cannot be made up for.
const USED: f64 = 0.8;
const USED_APART: f64 = 0.5;

/// Where requests are kept apart: the increase after a hurried increase was refused, and how far the rate goes back if that
/// is refused, too. A rate that was granted for a moment may have been granted only because requests were late.
const HURRIED_AGAIN: f64 = 0.02;
const HURRIED_BACK: f64 = 0.04;

/// The largest decreases after the first, second, ... refusal in a row. What is measured between two refusals close together
/// may be mostly waiting.
const DECREASES: [f64; 4] = [0.95, 0.85, 0.7, 0.5];

/// A wait so short that it gained at most a few requests.
const SHORT_WAIT: Duration = Duration::from_millis(2500);

/// The limit is sought again from a slow rate after this many refusals in a row that measured nothing, if the rate is this
/// many times the one at which `auto` begins.
const GROPED: usize = 1;
const FAR_OFF: f64 = 4.0;

/// How many changes of the rate are remembered.
const REMEMBERED: usize = 16;

/// How many granted requests a measurement needs.
const MEASURABLE: u64 = 20;

/// The first increase after a pause, and the largest.
const FIRST_INCREASE: f64 = 0.0025;
const BOLDEST_INCREASE: f64 = 0.02;

/// Increases become larger only above this many times the rate that was refused last.
const BEYOND: f64 = 1.04;

/// The increase after the limit was found in a hurry, until the next refusal, and the pause before it.
const HURRIED_INCREASE: f64 = 0.05;
const HURRIED_WHILE: Duration = Duration::from_secs(3);

/// Each increase is this many times the one before.
const BOLDER: f64 = 1.15;

/// How long the rate stays after a refusal, at first and at most.
const FIRST_WHILE: Duration = Duration::from_secs(10);
const LONGEST_WHILE: Duration = Duration::from_mins(5);

/// The rate stays at least this many times the longest recent wait, because a sliding window still counts requests from
/// before the wait.
const WHILES_OF_WAIT: f64 = 1.5;

/// No increase is tried while more than this share of the last requests, this many of them, was refused.
const REFUSED_SHARE: f64 = 0.004;
const LAST_REQUESTS: f64 = 2000.0;

/// The rate, and what it is based on.
#[derive(Clone, Debug)]
pub struct RateControl {
    rules: RateRules,
    rate: f64,
    reason: RateReason,
    finding: bool,
    /// The quota that the target announced last.
    announced: Option<f64>,
    /// The quota that was measured last.
    measured: Option<f64>,
    /// The rate that was refused last.
    refused_at: f64,
    /// When the quota was last used up, or the beginning.
    since: Instant,
    granted: u64,
    /// The rate does not rise before this.
    stays_until: Instant,
    stays_for: Duration,
    /// The longest wait after a refusal, fading with each refusal; and the last wait.
    longest_wait: Duration,
    last_wait: Duration,
    /// The rates since the last refusal: when each began, and how many requests had been granted by then.
    rates: VecDeque<(Instant, f64, u64)>,
    /// Refusals in a row with few granted requests between them.
    soon_refused: usize,
    increase: f64,
    /// Whether the limit was found only in a hurry.
    hurried: bool,
    /// Whether requests are kept apart.
    apart: bool,
    /// When the rate was last reviewed, and how many requests were granted since.
    looked: Instant,
    granted_since: u64,
    /// The number of the last requests, fading.
    recent: f64,
    recently_refused: f64,
}

impl RateControl {
    /// Begins as the rules say.
    pub fn new(rules: RateRules, now: Instant) -> Self {
        Self {
            rules,
            rate: rules.start,
            reason: if rules.finding { RateReason::Finding } else { RateReason::Asked },
            finding: rules.finding,
            announced: None,
            measured: None,
            refused_at: 0.0,
            since: now,
            granted: 0,
            stays_until: now,
            stays_for: FIRST_WHILE,
            longest_wait: Duration::ZERO,
            last_wait: Duration::ZERO,
            rates: VecDeque::from([(now, rules.start, 0)]),
            soon_refused: 0,
            increase: FIRST_INCREASE,
            hurried: false,
            apart: false,
            looked: now,
            granted_since: 0,
            recent: 0.0,
            recently_refused: 0.0,
        }
    }

    /// The present rate, in requests a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// What the rate is based on.
    pub fn reason(&self) -> RateReason {
        self.reason
    }

    /// The highest that the rate may become.
    pub fn ceiling(&self) -> f64 {
        self.announced.map_or(self.rules.ceiling, |quota| self.rules.ceiling.min(quota * UNDER))
    }

    /// A request was granted.
    pub fn granted(&mut self, now: Instant, quota: &Quota) {
        self.granted += 1;
        self.granted_since += 1;
        self.count(0.0);
        if let Some(announced) = quota.rate.filter(|rate| self.announced != Some(*rate)) {
            self.follow(now, announced);
        }
        self.review(now);
    }

    /// A request was refused.
    pub fn refused(&mut self) {
        self.count(1.0);
    }

    fn count(&mut self, refused: f64) {
        let fade = 1.0 - 1.0 / LAST_REQUESTS;
        self.recent = self.recent * fade + 1.0;
        self.recently_refused = self.recently_refused * fade + refused;
    }

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
        let is_far_off = self.soon_refused >= GROPED && self.rate > RateRules::START * FAR_OFF;
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
            self.stays_until = resumed + HURRIED_WHILE;
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
            if hurried { (HURRIED_AGAIN, HURRIED_WHILE) } else { (FIRST_INCREASE, APART_WHILE) };
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
        self.stays_for = if nothing_new { (self.stays_for * 2).min(LONGEST_WHILE) } else { FIRST_WHILE };
        (self.increase, self.hurried) = (FIRST_INCREASE, false);
        if self.finding {
            // The refusals of the search do not count.
            (self.finding, self.recent, self.recently_refused) = (false, 0.0, 0.0);
            (self.stays_for, self.increase, self.hurried) = (HURRIED_WHILE, HURRIED_INCREASE, true);
        }
        self.stays_until = resumed + self.stays_for.max(self.longest_wait.mul_f64(WHILES_OF_WAIT));
    }

    /// Nothing was sent for this time, for a reason that has nothing to do with the quota.
    pub fn interrupted(&mut self, duration: Duration) {
        self.since += duration;
        self.looked += duration;
        self.rates.iter_mut().for_each(|(since, ..)| *since += duration);
    }

    /// The target announced its quota.
    fn follow(&mut self, now: Instant, announced: f64) {
        self.announced = Some(announced);
        self.finding = false;
        self.set(now, announced * UNDER, RateReason::Announced(announced));
    }

    /// Raises the rate if it is time, and if the rate is what limits the run.
    fn review(&mut self, now: Instant) {
        let passed = now.duration_since(self.looked).as_secs_f64();
        if passed < (10.0 / self.rate).max(1.0) {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "nothing is granted that often")]
        let used = self.granted_since as f64 / (self.rate * passed);
        (self.looked, self.granted_since) = (now, 0);
        if used < if self.apart { USED_APART } else { USED } {
            return;
        }
        if self.finding {
            self.set(now, self.rate * 2.0, RateReason::Finding);
        } else if now >= self.stays_until
            && (self.hurried && self.apart || self.recently_refused <= self.recent * REFUSED_SHARE)
        {
            let reason = self.reason;
            self.set(now, self.rate * (1.0 + self.increase), reason);
            // Near the rate that was refused last the increase stays small, so that a refusal is a near miss.
            if self.rate > self.refused_at * BEYOND {
                self.increase = (self.increase * BOLDER).min(BOLDEST_INCREASE.max(self.increase));
            }
        }
    }

    fn set(&mut self, now: Instant, rate: f64, reason: RateReason) {
        let ceiling = self.ceiling().max(self.rules.floor);
        self.rate = rate.clamp(self.rules.floor, ceiling);
        self.reason = match reason {
            _ if rate < self.rules.floor => RateReason::Floor,
            _ if rate >= self.rules.ceiling => RateReason::Asked,
            reason => reason,
        };
        if self.rates.len() == REMEMBERED {
            self.rates.pop_front();
        }
        self.rates.push_back((now, self.rate, self.granted));
    }
}
