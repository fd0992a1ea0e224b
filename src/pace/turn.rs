//! What is known of one request that had its turn.

use std::time::Duration;

use tokio::time::Instant;

/// What is known of one request that had its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// When its turn came.
    pub(super) came: Instant,
    /// Its departure; nothing until it departs.
    pub(super) departure: Option<Departure>,
    /// Whether it is the probe, the one request that goes alone while the others wait for its answer.
    pub(super) probe: bool,
    /// Whether its time counts for the concurrency.
    pub(super) measured: bool,
}

/// That a request was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Departure {
    /// When it was sent.
    pub(super) at: Instant,
    /// How long after the request before it this one arrives.
    pub(super) apart: Duration,
}

impl Turn {
    /// When it was sent, or, if it never departed, when its turn came.
    pub(super) fn start(&self) -> Instant {
        self.departure.map_or(self.came, |departure| departure.at)
    }
}
