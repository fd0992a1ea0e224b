//! What an answer says about the target, as far as the pace is concerned.

use std::time::Duration;

use super::Quota;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestResult {
    /// The target dealt with it, with success or not.
    Granted,
    /// It came too fast.
    Refused,
    /// The target failed, or did not answer in a way that can be read.
    Failed,
}

/// What an answer says about the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaceSignal {
    /// What became of the request.
    pub verdict: RequestResult,
    /// How long the target wants to be left alone.
    pub wait: Option<Duration>,
    /// What it says about its quota.
    pub quota: Quota,
}

impl PaceSignal {
    /// An answer with nothing said beside it.
    pub fn of(verdict: RequestResult) -> Self {
        Self { verdict, wait: None, quota: Quota::default() }
    }
}
