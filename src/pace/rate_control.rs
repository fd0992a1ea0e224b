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
mod refusal;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::{Quota, RateReason, RateRules};

/// The rate is the quota times this.
const UNDER: f64 = 0.985;

/// The rate limits the run if this share of it is used. Where requests are kept apart the share is smaller, because a late
/// timer cannot be made up for.
const USED: f64 = 0.8;
const USED_APART: f64 = 0.5;

/// A wait so short that it gained at most a few requests.
const SHORT_WAIT: Duration = Duration::from_millis(2500);

/// How many changes of the rate are remembered.
const REMEMBERED: usize = 16;

/// How many granted requests a measurement needs.
const MEASURABLE: u64 = 20;

/// The first increase after a pause, and the largest.
const FIRST_INCREASE: f64 = 0.0025;
const LARGEST_INCREASE: f64 = 0.02;

/// Increases become larger only above this many times the rate that was refused last.
const BEYOND: f64 = 1.04;

/// Each increase is this many times the one before.
const GROWTH: f64 = 1.15;

/// How long the rate stays after a refusal, at first.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

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
            stays_for: FIRST_PAUSE,
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
                self.increase = (self.increase * GROWTH).min(LARGEST_INCREASE.max(self.increase));
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
