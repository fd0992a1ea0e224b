//! The figures of the pace, for people and programs to read.

use serde::Serialize;

use super::HoldReason;

/// The figures of the pace at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaceFigures {
    /// Requests a second that may be sent at present.
    pub rate: f64,
    /// The highest that the rate may become; nothing if only refusals limit it.
    pub ceiling: Option<f64>,
    /// What the rate is based on.
    pub reason: String,
    /// How many requests may be in flight at once.
    pub concurrency: usize,
    /// The largest number of users in one request.
    pub batch_size: usize,
    /// The share of all requests that the target refused because they came too fast, from 0 to 1.
    pub refused_share: f64,
    /// Why nothing is sent at present, if so.
    pub holding: Option<HoldReason>,
    /// For how many seconds nothing is sent.
    pub holding_seconds: Option<u64>,
}
