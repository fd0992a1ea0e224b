//! Waits until a moment, to a fraction of a millisecond.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How late a timer of tokio may be on a machine with nothing else to do: it has whole milliseconds, and so has what it is
/// built on. Where one request is due each 20 ms, that is a twentieth of the quota.
const COARSE: Duration = Duration::from_millis(2);

/// How moments are waited for.
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
        // Handed to another thread, the rest would come back as late as from tokio's timer.
        std::thread::sleep(at.saturating_duration_since(Instant::now()).min(COARSE));
    }
}
