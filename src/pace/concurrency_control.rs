//! How many requests at once: one more while that brings more answers a second, fewer when it does not or when requests fail.
//!
//! A target may answer some requests together, as one that makes the changes of all that wait durable at once: the answers of
//! many then take longer than the answer of one, and all the same there are more of them a second. So slower answers alone do
//! not show that there are too many requests. What counts is how many more answers a second there are than with half as many
//! requests at once. By Little's law that follows from the times that answers take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::Instant;

/// The weight of the newest mean among the earlier ones with as many requests at once.
const NEWEST: f64 = 0.4;

/// The limit is multiplied by this when there are too many requests.
const DECREASE: f64 = 0.9;

/// Of the additional answers a second that there would be if each took as long as with fewer requests at once, this share has
/// to be there. From the first on, one more request is tried; below the second, there are too many.
const ENOUGH: f64 = 0.45;
const TOO_LITTLE: f64 = 0.35;

/// How long to wait for the next decision while nothing is answered.
const UNKNOWN: Duration = Duration::from_millis(100);

/// The bounds of the concurrency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConcurrencyRules {
    /// The limit at the beginning.
    pub start: usize,
    /// The limit never rises above this.
    pub most: usize,
    /// Whether the limit changes.
    pub adaptive: bool,
}

impl FromStr for ConcurrencyRules {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "auto" => Ok(Self::new(None)),
            number => match number.parse() {
                Ok(count) if (1..=Self::MOST_FIXED).contains(&count) => Ok(Self::new(Some(count))),
                _ => Err(format!("expected a number from 1 to {}, or `auto`", Self::MOST_FIXED)),
            },
        }
    }
}

impl fmt::Display for ConcurrencyRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.adaptive { formatter.write_str("auto") } else { self.most.fmt(formatter) }
    }
}

impl ConcurrencyRules {
    /// The limit at the beginning for `auto`. So few are never too many.
    const START: usize = 4;

    /// The largest limit for `auto`.
    const MOST: usize = 64;

    /// The largest limit that can be chosen. Each request needs memory and a connection; no target takes as many at once.
    const MOST_FIXED: usize = 10_000;

    /// A fixed limit, or one that adapts.
    pub fn new(fixed: Option<usize>) -> Self {
        match fixed {
            Some(count) => Self { start: count.max(1), most: count.max(1), adaptive: false },
            None => Self { start: Self::START, most: Self::MOST, adaptive: true },
        }
    }
}

/// Decides how many requests may be in flight at once.
#[derive(Clone, Debug)]
pub struct ConcurrencyControl {
    rules: ConcurrencyRules,
    limit: usize,
    /// How long answers took when one request was in flight at once, two, and so on: moving means in seconds.
    times: Vec<Option<f64>>,
    /// The round-trip times of this period: their sum in seconds, and their number.
    current: (f64, u32),
    decide_at: Option<Instant>,
    reached: bool,
    pressed: bool,
}

impl ConcurrencyControl {
    /// Begins with the limit that the rules name.
    pub fn new(rules: ConcurrencyRules) -> Self {
        let times = vec![None; if rules.adaptive { rules.most } else { 0 }];
        Self { rules, limit: rules.start, times, current: (0.0, 0), decide_at: None, reached: false, pressed: false }
    }

    /// How many requests may be in flight at present.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Notes how many requests are in flight.
    pub fn in_flight(&mut self, count: usize) {
        self.reached |= count >= self.limit;
    }

    /// A request was answered after this time.
    pub fn answered(&mut self, now: Instant, took: Duration) {
        self.current.0 += took.as_secs_f64();
        self.current.1 += 1;
        self.decide(now);
    }

    /// A request failed. (A request that was refused because it came too fast concerns the rate, not this.)
    pub fn failed(&mut self, now: Instant) {
        self.pressed = true;
        self.decide(now);
    }

    /// Decides once for each time that an answer takes.
    fn decide(&mut self, now: Instant) {
        if !self.rules.adaptive || self.decide_at.is_some_and(|at| now < at) {
            return;
        }
        let (sum, count) = std::mem::take(&mut self.current);
        let mean = (count > 0).then(|| sum / f64::from(count));
        if self.pressed {
            self.limit = lowered(self.limit);
        } else if self.reached
            && let Some(mean) = mean
        {
            let gain = self.gain(mean);
            if gain >= ENOUGH {
                self.limit = (self.limit + 1).min(self.rules.most);
            } else if gain < TOO_LITTLE {
                self.limit = lowered(self.limit);
            }
        }
        (self.reached, self.pressed) = (false, false);
        self.decide_at = Some(now + mean.map_or(UNKNOWN, Duration::from_secs_f64));
    }

    /// Notes how long answers took with as many requests at once as may be. Returns the share of the additional answers a
    /// second, of those that there would be if answers took as long as with half as many requests.
    #[expect(clippy::cast_precision_loss, reason = "small")]
    fn gain(&mut self, mean: f64) -> f64 {
        let earlier = self.times[self.limit - 1];
        let mean = earlier.map_or(mean, |earlier| earlier + NEWEST * (mean - earlier));
        self.times[self.limit - 1] = Some(mean);
        let known = |fewer: usize| Some((fewer, self.times[fewer - 1]?));
        let half = (1..=self.limit / 2).rev().find_map(known);
        match half.or_else(|| (1..self.limit).find_map(known)) {
            Some((fewer, their_mean)) if self.limit > self.rules.start => {
                let more_requests = self.limit as f64 / fewer as f64;
                let more_answers = more_requests * their_mean / mean;
                (more_answers - 1.0) / (more_requests - 1.0)
            }
            _ => 1.0,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
fn lowered(limit: usize) -> usize {
    ((limit as f64 * DECREASE) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(limit: usize) -> f64 {
        f64::from(u32::try_from(limit).unwrap())
    }

    /// This many rounds at a target whose answers take `time(concurrency)`.
    fn rounds(control: &mut ConcurrencyControl, now: &mut Instant, count: usize, time: impl Fn(usize) -> f64) {
        for _ in 0..count {
            let limit = control.limit();
            control.in_flight(limit);
            let took = Duration::from_secs_f64(time(limit));
            *now += took;
            for _ in 0..limit {
                control.answered(*now, took);
            }
        }
    }

    /// The limit after this many rounds.
    fn after(count: usize, time: impl Fn(usize) -> f64) -> usize {
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        rounds(&mut control, &mut Instant::now(), count, time);
        control.limit()
    }

    #[test]
    fn it_rises_while_answers_are_as_fast_and_stays_near_the_knee() {
        assert_eq!(after(200, |_| 0.1), 64);
        let near = after(200, |limit| 0.1 * count(limit).max(12.0) / 12.0);
        assert!((12..=19).contains(&near), "{near}");
        // One after another: more at once bring nothing.
        let few = after(200, |limit| 0.1 * count(limit));
        assert!(few <= 6, "{few}");
    }

    #[test]
    fn it_rises_where_answers_take_longer_and_there_are_more_of_them() {
        // A target that makes all that wait durable at once, in 2 ms: who comes meanwhile waits for the next time.
        let together = |limit: usize| 0.002 * count(limit).min(2.0) + 0.000_03 * count(limit);
        assert_eq!(after(200, together), 64);
        // Where each takes some time of its own, most of what can be had.
        let limit = after(400, |limit| 0.002 * count(limit).min(2.0) + 0.000_15 * count(limit));
        assert!((30..=60).contains(&limit), "{limit}");
    }

    #[test]
    fn it_follows_a_target_that_gets_slower_or_faster() {
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        let mut now = Instant::now();
        for (knee, expected) in [(12.0, 12..=19), (6.0, 6..=9), (30.0, 30..=45)] {
            rounds(&mut control, &mut now, 400, |limit| 0.1 * (count(limit) / knee).max(1.0));
            assert!(expected.contains(&control.limit()), "{} of {knee}", control.limit());
        }
    }

    #[test]
    fn it_rises_again_after_failures_where_two_at_once_bring_no_more_than_one() {
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        let mut now = Instant::now();
        for _ in 0..20 {
            now += Duration::from_secs(1);
            control.failed(now);
        }
        assert_eq!(control.limit(), 1);
        rounds(&mut control, &mut now, 200, |limit| 0.002 * count(limit).min(2.0));
        assert_eq!(control.limit(), 64);
    }

    #[test]
    fn failures_lower_it_and_a_fixed_one_stays() {
        let now = Instant::now();
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        for second in 0..20 {
            control.failed(now + Duration::from_secs(second));
        }
        assert_eq!(control.limit(), 1);
        let mut fixed = ConcurrencyControl::new(ConcurrencyRules::new(Some(7)));
        fixed.failed(now);
        assert_eq!(fixed.limit(), 7);
    }

    #[test]
    fn what_is_not_used_is_not_raised() {
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        for second in 0..20 {
            control.in_flight(2);
            control.answered(Instant::now() + Duration::from_secs(second), Duration::from_millis(100));
        }
        assert_eq!(control.limit(), 4);
    }
}
