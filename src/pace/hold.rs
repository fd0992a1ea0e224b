//! A while in which nothing is sent.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The waits after a refusal without a word about how long, and between two probes of a target that is down.
const REFUSED_WAITS: (f64, f64) = (0.5, 20.0);
const DOWN_WAITS: (f64, f64) = (1.0, 15.0);

/// Why nothing is sent for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// A request was refused for going too fast.
    Refused,
    /// The target asked for it.
    Asked,
    /// The target fails everything.
    Down,
}

/// A while in which nothing is sent; then one request tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) reason: HoldReason,
    pub(super) begun: Instant,
    pub(super) until: Instant,
    tries: i32,
    /// Whether the quota was used up, so that it can be measured.
    pub(super) refused: bool,
    /// Whether it was only that two requests came too close together.
    pub(super) close: bool,
}

impl Hold {
    /// Everybody waits from now on: for as long as was asked, or else for a while of our own.
    pub(super) fn begin(now: Instant, wait: Option<Duration>, reason: HoldReason) -> Self {
        let until = now + wait.unwrap_or_else(|| own(reason, 0));
        Self { reason, begun: now, until, tries: 1, refused: reason == HoldReason::Refused, close: false }
    }

    /// The one that tried was refused or failed as well.
    pub(super) fn probe_failed(&mut self, now: Instant, wait: Option<Duration>, reason: HoldReason) {
        // A target that says "at once" again and again is not taken at its word.
        self.until = now + own(reason, self.tries).max(wait.unwrap_or_default());
        self.tries = self.tries.saturating_add(1).min(16);
        self.reason = reason;
        self.refused |= reason == HoldReason::Refused;
    }

    /// Another one that was under way already was refused or failed.
    pub(super) fn joined(&mut self, now: Instant, wait: Option<Duration>, reason: HoldReason) {
        if let Some(wait) = wait {
            self.until = self.until.max(now + wait);
            // An earlier request that is answered well does not take back the wait that the target asked for.
            self.reason = reason;
        }
        self.refused |= reason == HoldReason::Refused;
    }
}

/// How long to wait where nobody says how long.
fn own(reason: HoldReason, tries: i32) -> Duration {
    let (first, most) = if reason == HoldReason::Refused { REFUSED_WAITS } else { DOWN_WAITS };
    let whole = (first * 2f64.powi(tries)).min(most);
    Duration::from_secs_f64(whole * (0.5 + fastrand::f64() / 2.0))
}
