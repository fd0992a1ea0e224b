//! The figures of the pace, to be shown.

use serde::Serialize;

use super::HoldReason;

/// The figures of the pace at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaceFigures {
    /// Requests a second that may be sent.
    pub rate: f64,
    /// The most it may become; nothing if there is no limit but what the target refuses.
    pub ceiling: Option<f64>,
    /// Why the rate is what it is.
    pub reason: String,
    /// How many requests may be under way at once.
    pub concurrency: usize,
    /// The most users in one request.
    pub batch_size: usize,
    /// The share of all requests that was refused for going too fast, from 0 to 1.
    pub refused_share: f64,
    /// Why nothing is sent, if nothing is.
    pub holding: Option<HoldReason>,
    /// For how long, in seconds.
    pub holding_seconds: Option<u64>,
}
