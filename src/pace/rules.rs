//! The bounds of a run's pace.

use std::time::Duration;

use super::{ConcurrencyRules, RateRules, Timer};

/// How fast a run may go.
#[derive(Clone, Copy, Debug)]
pub struct PaceRules {
    /// Bounds of the rate.
    pub rate: RateRules,
    /// Bounds of the concurrency.
    pub concurrency: ConcurrencyRules,
    /// The most items in one request.
    pub items: usize,
    /// The most bytes in one request.
    pub bytes: usize,
    /// How long it is tried without success.
    pub patience: Duration,
    /// How moments are waited for.
    pub timer: Timer,
}
