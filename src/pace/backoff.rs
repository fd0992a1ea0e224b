//! How often and how long something is tried, and the waits in between.

use std::time::Duration;

/// How often and how long one batch is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// Attempts in all. Waiting out a 429 does not use one up.
    pub attempts: u32,
    /// Time in all, from the first attempt.
    pub total: Duration,
    /// First delay.
    pub base: Duration,
    /// Longest delay.
    pub longest: Duration,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            attempts: 10,
            total: Duration::from_mins(3),
            base: Duration::from_millis(200),
            longest: Duration::from_secs(20),
        }
    }
}

/// Exponential delays with jitter: each lies between half of and the whole of `base · 2ⁿ`, at most `longest`.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
    dice: fastrand::Rng,
}

impl Backoff {
    /// Delays within a budget.
    pub fn new(budget: &RetryBudget, dice: fastrand::Rng) -> Self {
        Self { next: budget.base, longest: budget.longest, dice }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let whole = self.next.min(self.longest);
        self.next = whole.saturating_mul(2);
        Some(whole.mul_f64(0.5 + self.dice.f64() / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_with_jitter_up_to_the_longest() {
        let budget = RetryBudget::default();
        let delays: Vec<Duration> = Backoff::new(&budget, fastrand::Rng::with_seed(7)).take(12).collect();
        for (index, delay) in (0..).zip(&delays) {
            let whole = (budget.base * 2u32.pow(index)).min(budget.longest);
            assert!(*delay >= whole / 2 && *delay <= whole, "delay {index} is {delay:?}, of {whole:?}");
        }
    }
}
