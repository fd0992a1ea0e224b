//! The bounds of a run's pace.

use std::time::Duration;

use super::{ConcurrencyRules, RateRules, Timer};

/// The bounds of a run's pace.
#[derive(Clone, Copy, Debug)]
pub struct PaceRules {
    /// The bounds of the rate.
    pub rate: RateRules,
    /// The bounds of the concurrency.
    pub concurrency: ConcurrencyRules,
    /// The largest number of items in one request.
    pub items: usize,
    /// The largest number of bytes in one request.
    pub bytes: usize,
    /// How long requests may fail without one success before the run stops.
    pub patience: Duration,
    /// How to wait for an exact moment.
    pub timer: Timer,
}
