//! A hold: a time in which nothing is sent.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The first and the longest wait after a refusal that does not say how long, and between two probes of a target that is
/// down.
const REFUSED_WAITS: (f64, f64) = (0.5, 20.0);
const DOWN_WAITS: (f64, f64) = (1.0, 15.0);

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The target refused a request because it came too fast.
    Refused,
    /// The target asked for a wait.
    Asked,
    /// The target fails every request.
    Down,
}

/// A time in which nothing is sent. After it, one request goes alone: the probe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) reason: HoldReason,
    pub(super) begun: Instant,
    pub(super) until: Instant,
    tries: i32,
    /// Whether the quota was used up, so that it can be measured.
    pub(super) refused: bool,
    /// Whether the only fault was that two requests came too close together.
    pub(super) close: bool,
}

impl Hold {
    /// Stops all requests from now on, for as long as the target asked, or else for a time of our own choice.
    pub(super) fn begin(now: Instant, wait: Option<Duration>, reason: HoldReason) -> Self {
        let until = now + wait.unwrap_or_else(|| own(reason, 0));
        Self { reason, begun: now, until, tries: 1, refused: reason == HoldReason::Refused, close: false }
    }

    /// The probe was refused or failed, too.
    pub(super) fn probe_failed(&mut self, now: Instant, wait: Option<Duration>, reason: HoldReason) {
        // A target that keeps saying "retry at once" is not believed.
        self.until = now + own(reason, self.tries).max(wait.unwrap_or_default());
        self.tries = self.tries.saturating_add(1).min(16);
        self.reason = reason;
        self.refused |= reason == HoldReason::Refused;
    }

    /// Another request that was already in flight was refused or failed.
    pub(super) fn joined(&mut self, now: Instant, wait: Option<Duration>, reason: HoldReason) {
        if let Some(wait) = wait {
            self.until = self.until.max(now + wait);
            // The success of an earlier request does not cancel the wait that the target asked for.
            self.reason = reason;
        }
        self.refused |= reason == HoldReason::Refused;
    }
}

/// How long to wait if the target does not say.
fn own(reason: HoldReason, tries: i32) -> Duration {
    let (first, most) = if reason == HoldReason::Refused { REFUSED_WAITS } else { DOWN_WAITS };
    let whole = (first * 2f64.powi(tries)).min(most);
    Duration::from_secs_f64(whole * (0.5 + fastrand::f64() / 2.0))
}
