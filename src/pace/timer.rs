//! Waits until a moment, to a fraction of a millisecond.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How late tokio's timer may be on an idle machine: it counts in whole milliseconds, and so does the timer below it. If one
/// request is due each 20 ms, one millisecond is a twentieth of the quota.
const COARSE: Duration = Duration::from_millis(2);

/// How to wait for an exact moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timer {
    /// As exactly as the machine can.
    #[default]
    Exact,
    /// By tokio's clock alone, which tests can pause.
    Tokio,
}

impl Timer {
    /// Waits until this moment.
    pub(super) async fn until(self, at: Instant) {
        if self == Self::Tokio {
            return sleep_until(at).await;
        }
        if let Some(before) = at.checked_sub(COARSE) {
            sleep_until(before).await;
        }
        // This thread sleeps itself: a hand-over to another thread would come back as late as tokio's timer.
        std::thread::sleep(at.saturating_duration_since(Instant::now()).min(COARSE));
    }
}
