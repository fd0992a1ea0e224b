//! What is known of one request that had its turn.

use std::time::Duration;

use tokio::time::Instant;

/// What is known of one request that had its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// When it was sent; before that, when its turn came.
    pub(super) sent: Instant,
    /// How long after the request before it it arrives; nothing until it departs.
    pub(super) apart: Option<Duration>,
    /// Whether it is the one that tries, while the others wait for its answer.
    pub(super) probe: bool,
    /// Whether the time it takes says something about the concurrency.
    pub(super) measured: bool,
}
