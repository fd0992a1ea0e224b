//! How a run went over time, in bounded memory.

use std::time::Duration;

use serde::Serialize;

use crate::outcomes::{Ledger, Reporter};

/// How many moments are kept at most.
const MOST: usize = 240;

/// How far moments are from each other in the beginning. Each time there are too many, every other one is dropped.
const FIRST: Duration = Duration::from_millis(250);

/// Where a run stood at one moment. All counts are since this part of the run began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimelineMoment {
    /// Seconds since this part of the run began.
    pub seconds: f64,
    /// Records settled.
    pub records: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that the target refused because they came too fast.
    pub throttled: u64,
    /// Requests that were allowed each second then; none in a dry run.
    pub rate: Option<f64>,
}

/// A reporter that keeps how a run goes, and shows it on another one.
#[derive(Debug)]
pub struct Timeline<'r> {
    shown: &'r mut dyn Reporter,
    moments: Vec<TimelineMoment>,
    every: Duration,
    next: Duration,
}

impl<'r> Timeline<'r> {
    /// Shows on `shown`, too, and goes on with the moments of the steps before.
    pub fn new(shown: &'r mut dyn Reporter, moments: Vec<TimelineMoment>) -> Self {
        Self { shown, moments, every: FIRST, next: Duration::ZERO }
    }

    /// The moments, in order.
    pub fn into_moments(self) -> Vec<TimelineMoment> {
        self.moments
    }

    fn note(&mut self, ledger: &Ledger) {
        if self.moments.len() == MOST {
            // The second one of each pair stays, and so does the newest one.
            let mut keep = false;
            self.moments.retain(|_| {
                keep = !keep;
                !keep
            });
            self.every *= 2;
        }
        let counts = ledger.counts();
        let millis = ledger.elapsed.as_secs_f64() * 1000.0;
        self.moments.push(TimelineMoment {
            seconds: millis.round() / 1000.0,
            records: (counts.read - counts.unfinished).saturating_sub(ledger.continued_records),
            requests: ledger.requests,
            throttled: ledger.throttled,
            rate: ledger.pace.as_ref().map(|pace| pace.rate),
        });
        self.next = ledger.elapsed + self.every;
    }
}

impl Reporter for Timeline<'_> {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        if ledger.elapsed >= self.next {
            self.note(ledger);
        }
        self.shown.update(ledger, stopping);
    }

    fn finish(&mut self, ledger: &Ledger) {
        self.note(ledger);
        self.shown.finish(ledger);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes::Silent;

    #[test]
    fn memory_is_bounded_and_the_moments_cover_all_of_the_run() {
        let (mut ledger, mut silent) = (Ledger::of_sending(&[]), Silent);
        let mut timeline = Timeline::new(&mut silent, Vec::new());
        for tenths in 0..100_000 {
            ledger.elapsed = Duration::from_millis(tenths * 100);
            ledger.requests = tenths;
            timeline.update(&ledger, false);
        }
        timeline.finish(&ledger);
        let moments = timeline.into_moments();
        assert!((MOST / 2..=MOST).contains(&moments.len()), "{}", moments.len());
        assert!(moments.is_sorted_by(|one, other| one.seconds <= other.seconds && one.requests <= other.requests));
        assert_eq!(moments.last().map(|last| last.requests), Some(99_999));
        assert!(moments.windows(2).all(|pair| pair[1].seconds - pair[0].seconds < 200.0), "no gap");
    }
}
