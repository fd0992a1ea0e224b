//! What is known of one request that had its turn.

use std::time::Duration;

use tokio::time::Instant;

/// What is known of one request that had its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// When it was sent; before that, when its turn came.
    pub(super) sent: Instant,
    /// How long after the request before it this one arrives; nothing until it departs.
    pub(super) apart: Option<Duration>,
    /// Whether it is the probe, the one request that goes alone while the others wait for its answer.
    pub(super) probe: bool,
    /// Whether its time counts for the concurrency.
    pub(super) measured: bool,
}
