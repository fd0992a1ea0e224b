//! Finds the rate that the target allows, and sits just under it.
//!
//! At the moment of a refusal the quota is used up. So between a refusal and one that follows soon, the target granted
//! exactly what its quota is, be it a token bucket, a leaky one, or a window that is fixed or slides: that is measured, and
//! nothing has to be known about the kind. If a refusal comes late, the rate was too high only lately, by little, for it
//! rises slowly: then the quota is what was granted lately. A bucket of one grants nothing later that it did not grant in
//! time, so there waiting earns nothing, and the rate goes back a small step only, to where it was granted. Just under the
//! quota the rate stays for a while, and then rises little by little until the next refusal, bolder the longer nothing is
//! refused. Refusals that tell nothing new make the whiles longer.

mod granted;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::{Quota, RateReason, RateRules};

/// How far below the quota the rate is.
const UNDER: f64 = 0.985;

/// Where requests are kept apart, one that is a moment early is refused at once, and every refusal costs a wait: so often
/// one may be risked, and by so much the rate goes back then.
const APART_WHILE: Duration = Duration::from_mins(1);
const APART_DECREASE: f64 = 0.01;

/// How much the rate goes back after a refusal that came soon, though not at once.
const APART_DECREASE_SOON: f64 = 0.03;
/// The rate is what limits if this share of it is used; there it is less, as timers that are late cannot be made up for.
const USED: f64 = 0.8;
const USED_APART: f64 = 0.5;

/// The increase there after the hurried one was refused, and by how much the rate goes back if that is refused, too: what was
/// granted for a moment only may have been granted because requests were late.
const HURRIED_AGAIN: f64 = 0.02;
const HURRIED_BACK: f64 = 0.04;

/// The most that the rate is decreased after refusals in a row: what is measured between two that are close together may be
/// mostly waiting.
const DECREASES: [f64; 4] = [0.95, 0.85, 0.7, 0.5];

/// A wait that is short enough for nothing to have been earned by it but a few requests.
const SHORT_WAIT: Duration = Duration::from_millis(2500);

/// After this many further refusals between which nothing could be measured, beginning with a rate that is so many times the one that
/// `auto` begins at, the limit is found from below.
const GROPED: usize = 1;
const FAR_OFF: f64 = 4.0;

/// Changes of the rate that are remembered.
const REMEMBERED: usize = 16;

/// What has to be granted for a measurement.
const MEASURABLE: u64 = 20;

/// The first increase after a while, and the boldest.
const FIRST_INCREASE: f64 = 0.0025;
const BOLDEST_INCREASE: f64 = 0.02;

/// Only beyond this many times the rate that was refused last, increases become bolder.
const BEYOND: f64 = 1.04;

/// The increase after the limit was found in a hurry, until it is refused once more, and the while before it.
const HURRIED_INCREASE: f64 = 0.05;
const HURRIED_WHILE: Duration = Duration::from_secs(3);

/// How much bolder each increase is than the one before.
const BOLDER: f64 = 1.15;

/// How long the rate stays after a refusal, at first and at most.
const FIRST_WHILE: Duration = Duration::from_secs(10);
const LONGEST_WHILE: Duration = Duration::from_mins(5);

/// And no less than this many times the longest wait of late: what was sent before a wait is in a window that slides.
const WHILES_OF_WAIT: f64 = 1.5;

/// Nothing is tried while more than this share of the last requests, so many of them, is refused.
const REFUSED_SHARE: f64 = 0.004;
const LAST_REQUESTS: f64 = 2000.0;

/// The rate, and what it is based on.
#[derive(Clone, Debug)]
pub struct RateControl {
    rules: RateRules,
    rate: f64,
    reason: RateReason,
    finding: bool,
    /// What the target said last.
    told: Option<f64>,
    /// What was measured last.
    measured: Option<f64>,
    /// The rate that was refused last.
    refused_at: f64,
    /// Since the quota was used up, or since the beginning.
    since: Instant,
    granted: u64,
    /// The rate rises no earlier.
    stays_until: Instant,
    stays_for: Duration,
    /// The longest wait after a refusal, fading with each one; and the last one.
    longest_wait: Duration,
    last_wait: Duration,
    /// Rates since the last refusal: when each began, and how much had been granted by then.
    rates: VecDeque<(Instant, f64, u64)>,
    /// Refusals in a row between which little was granted.
    soon_refused: usize,
    increase: f64,
    /// Whether the limit is not known but for a hurried look.
    hurried: bool,
    /// Whether requests are kept apart.
    apart: bool,
    /// When the rate was last looked at, and what was granted since.
    looked: Instant,
    granted_since: u64,
    /// The last requests, fading.
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
            told: None,
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

    /// Requests a second, for now.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Why it is that.
    pub fn reason(&self) -> RateReason {
        self.reason
    }

    /// The most it may become.
    pub fn ceiling(&self) -> f64 {
        self.told.map_or(self.rules.ceiling, |told| self.rules.ceiling.min(told * UNDER))
    }

    /// A request was granted.
    pub fn granted(&mut self, now: Instant, quota: &Quota) {
        self.granted += 1;
        self.granted_since += 1;
        self.count(0.0);
        if let Some(told) = quota.rate.filter(|told| self.told != Some(*told)) {
            self.listen(now, told);
        }
        self.look(now);
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

    /// Requests are granted again since `resumed`, after one was refused at `refused`, when the quota was used up. `apart`
    /// says whether requests are kept apart, because of a target with which waiting earns nothing.
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
        // It was refused at this rate, so the quota is no higher, even if a bucket that was full at first suggests it.
        let quota = match measured {
            Some(measured) if self.finding => measured.min(self.rate),
            Some(measured) => measured.clamp(least, self.rate),
            None => least,
        };
        self.stay(resumed, waited, measured.is_some() && self.is_known(quota));
        if apart && is_short {
            // What was measured has waiting in it that earned nothing.
            (self.increase, self.hurried) = (HURRIED_INCREASE, true);
            self.stays_until = resumed + HURRIED_WHILE;
        }
        self.refused_at = if self.refused_at > 0.0 { self.rate } else { quota };
        self.measured = Some(quota);
        self.begin_anew(resumed);
        self.set(resumed, quota * UNDER, RateReason::Measured(quota));
    }

    /// Some were granted before one came a moment too early: the rate is at the edge of what can be had.
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

    /// The rate is so far off that nothing can be measured at it.
    fn find_from_below(&mut self, now: Instant) {
        (self.finding, self.soon_refused) = (true, 0);
        self.begin_anew(now);
        self.set(now, RateRules::START, RateReason::Finding);
    }

    /// What was granted so far does not count any longer.
    fn begin_anew(&mut self, now: Instant) {
        (self.since, self.granted) = (now, 0);
        (self.looked, self.granted_since) = (now, 0);
        self.rates.clear();
    }

    /// Decides how long the rate stays, and how fast it rises then.
    fn stay(&mut self, resumed: Instant, waited: Duration, nothing_new: bool) {
        self.longest_wait = waited.max(self.longest_wait.mul_f64(0.8));
        self.stays_for = if nothing_new { (self.stays_for * 2).min(LONGEST_WHILE) } else { FIRST_WHILE };
        (self.increase, self.hurried) = (FIRST_INCREASE, false);
        if self.finding {
            // How the limit was found does not count.
            (self.finding, self.recent, self.recently_refused) = (false, 0.0, 0.0);
            (self.stays_for, self.increase, self.hurried) = (HURRIED_WHILE, HURRIED_INCREASE, true);
        }
        self.stays_until = resumed + self.stays_for.max(self.longest_wait.mul_f64(WHILES_OF_WAIT));
    }

    /// For a while nothing was sent, for reasons that have nothing to do with the quota.
    pub fn interrupted(&mut self, duration: Duration) {
        self.since += duration;
        self.looked += duration;
        self.rates.iter_mut().for_each(|(since, ..)| *since += duration);
    }

    /// The target says what it allows.
    fn listen(&mut self, now: Instant, told: f64) {
        self.told = Some(told);
        self.finding = false;
        self.set(now, told * UNDER, RateReason::Told(told));
    }

    /// Raises the rate, if it is time and the rate is what limits.
    fn look(&mut self, now: Instant) {
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
            // Where it was refused the last time it goes slowly, so that it will not be by much.
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
