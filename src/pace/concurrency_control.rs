//! How many requests at once: one more while answers stay fast, fewer when answers get slower or requests fail.
//!
//! The rules are those that Vector documents for its adaptive request concurrency
//! (<https://vector.dev/blog/adaptive-request-concurrency/>): a decision for each round-trip time, by the moving mean and
//! the deviation of these times.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::Instant;

/// The weight of the newest mean among the earlier ones.
const NEWEST: f64 = 0.4;

/// The limit is multiplied by this when answers get slow.
const DECREASE: f64 = 0.9;

/// Answers are slow if they take this many deviations more than the mean.
const DEVIATIONS: f64 = 2.5;

/// Multiples of the fastest mean so far. Up to the first, one more request is tried; beyond the second, there are too many.
/// Without them, the mean would follow the limit upwards, a little at a time.
const STILL_FAST: f64 = 1.2;
const TOO_SLOW: f64 = 1.5;

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
            number => match number.parse::<NonZeroUsize>() {
                Ok(count) => Ok(Self::new(Some(count.get()))),
                Err(_) => Err("expected a number from 1, or `auto`".to_owned()),
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
    /// The limit at the beginning for `auto`.
    const START: usize = 4;

    /// The largest limit for `auto`. With more, a target that handles one request after another would answer too late.
    const MOST: usize = 32;

    /// A fixed limit, or one that adapts.
    pub fn new(fixed: Option<usize>) -> Self {
        match fixed {
            Some(count) => Self { start: count.max(1), most: count.max(1), adaptive: false },
            None => Self { start: Self::START, most: Self::MOST, adaptive: true },
        }
    }
}

/// The moving mean and deviation of round-trip times, in seconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    mean: f64,
    variance: f64,
}

impl Times {
    fn update(self, newest: f64) -> Self {
        let difference = newest - self.mean;
        let mean = self.mean + NEWEST * difference;
        Self { mean, variance: (1.0 - NEWEST) * (self.variance + NEWEST * difference * difference) }
    }
}

/// Decides how many requests may be in flight at once.
#[derive(Clone, Debug)]
pub struct ConcurrencyControl {
    rules: ConcurrencyRules,
    limit: usize,
    past: Option<Times>,
    /// The fastest mean of a period, in seconds.
    fastest: f64,
    /// The round-trip times of this period: their sum in seconds, and their number.
    current: (f64, u32),
    decide_at: Option<Instant>,
    reached: bool,
    pressed: bool,
}

impl ConcurrencyControl {
    /// Begins with the limit that the rules name.
    pub fn new(rules: ConcurrencyRules) -> Self {
        let limit = rules.start;
        Self {
            rules,
            limit,
            past: None,
            fastest: f64::INFINITY,
            current: (0.0, 0),
            decide_at: None,
            reached: false,
            pressed: false,
        }
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

    fn decide(&mut self, now: Instant) {
        if !self.rules.adaptive || self.decide_at.is_some_and(|at| now < at) {
            return;
        }
        let (sum, count) = std::mem::take(&mut self.current);
        let mean = (count > 0).then(|| sum / f64::from(count));
        if let Some(mean) = mean {
            self.fastest = self.fastest.min(mean);
        }
        if self.pressed || mean.is_some_and(|mean| self.is_slow(mean)) {
            // With two requests or fewer, we cannot be the cause: this is now the speed of the target.
            if let Some(mean) = mean.filter(|_| self.limit <= 2) {
                self.fastest = mean;
            }
            self.limit = lowered(self.limit);
        } else if self.reached && mean.is_none_or(|mean| mean <= self.fastest * STILL_FAST) {
            self.limit = (self.limit + 1).min(self.rules.most);
        }
        (self.reached, self.pressed) = (false, false);
        if let Some(mean) = mean {
            self.past = Some(self.past.map_or(Times { mean, variance: 0.0 }, |past| past.update(mean)));
        }
        let period = self.past.map_or(Duration::from_millis(100), |past| Duration::from_secs_f64(past.mean));
        self.decide_at = Some(now + period);
    }
}

impl ConcurrencyControl {
    /// Whether answers take longer than before, compared with the mean or with the fastest ones.
    fn is_slow(&self, mean: f64) -> bool {
        let suddenly = self.past.is_some_and(|past| {
            mean > past.mean + DEVIATIONS * past.variance.sqrt() && mean > self.fastest * STILL_FAST
        });
        suddenly || mean > self.fastest * TOO_SLOW
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
fn lowered(limit: usize) -> usize {
    ((limit as f64 * DECREASE) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit after this many rounds at a target whose answers take `time(concurrency)`.
    fn after(rounds: usize, time: impl Fn(usize) -> f64) -> usize {
        let mut control = ConcurrencyControl::new(ConcurrencyRules::new(None));
        let mut now = Instant::now();
        for _ in 0..rounds {
            let limit = control.limit();
            control.in_flight(limit);
            let took = Duration::from_secs_f64(time(limit));
            now += took;
            for _ in 0..limit {
                control.answered(now, took);
            }
        }
        control.limit()
    }

    #[test]
    fn it_rises_while_answers_are_as_fast_and_stays_near_the_knee() {
        assert_eq!(after(200, |_| 0.1), 32);
        let near = after(200, |limit| 0.1 * f64::from(u32::try_from(limit).unwrap()).max(12.0) / 12.0);
        assert!((8..=16).contains(&near), "{near}");
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
