//! What was tried with one batch.

use std::time::Duration;

use super::blame::Probes;
use super::success_clock::SuccessTime;
use crate::destination::Failure;

/// What was tried with one batch.
pub(super) struct Tries {
    pub requests: u32,
    /// Those that failed in a way that may pass; one that was sent too fast is none of them.
    pub attempts: u32,
    pub timeouts: u32,
    /// Whether one of them may have been carried out.
    pub may_have_been_applied: bool,
    /// What the destination was asked in between, where it is a user alone who fails.
    pub probes: Probes,
    /// How long to wait before the next one, if not as usual.
    pub pause: Option<Duration>,
    /// When the first of them was sent.
    pub first_sent: SuccessTime,
}

impl Tries {
    pub(super) fn new(first_sent: SuccessTime) -> Self {
        Self {
            requests: 0,
            attempts: 0,
            timeouts: 0,
            may_have_been_applied: false,
            probes: Probes::default(),
            pause: None,
            first_sent,
        }
    }

    /// Counts an attempt that settled nothing.
    pub(super) fn note(&mut self, failure: Failure) {
        let is_an_attempt =
            !matches!(failure, Failure::NoAccess | Failure::TooLarge | Failure::Content | Failure::Throttled);
        self.attempts += u32::from(is_an_attempt);
        self.timeouts += u32::from(failure == Failure::Timeout);
    }
}
