//! What one answer says about the target's speed.

use std::time::Duration;

use super::Quota;

/// The result of a request, as the pace sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestResult {
    /// The target handled it, with success or not.
    Granted,
    /// The target refused it because it came too fast.
    Refused,
    /// The target failed, or its answer cannot be read.
    Failed,
}

/// What one answer says about the target's speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaceSignal {
    /// The result of the request.
    pub result: RequestResult,
    /// How long the target asks us to wait.
    pub wait: Option<Duration>,
    /// What the target says about its quota.
    pub quota: Quota,
}

impl PaceSignal {
    /// An answer that says nothing about a wait or a quota.
    pub fn of(result: RequestResult) -> Self {
        Self { result, wait: None, quota: Quota::default() }
    }
}
