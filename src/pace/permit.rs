//! The turn to send one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::state::State;
use super::{Answer, Pace};

/// The turn to send one request. One that is dropped counts as not sent.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    pub(super) pace: Arc<Pace>,
    pub(super) sent: Instant,
    /// How long after the request before it it arrives; nothing until it departs.
    pub(super) apart: Option<Duration>,
    pub(super) probe: bool,
    pub(super) measured: bool,
    pub(super) open: bool,
}

impl Permit {
    /// Waits until the request may be sent, which is at once unless the target refused or failed others since its turn, or
    /// wants them apart.
    pub async fn depart(&mut self) {
        // The others wait for the one that tries.
        let _place = if self.probe { None } else { Some(self.pace.departures.lock().await) };
        let mut now = Instant::now();
        if !self.probe {
            let held = AtomicBool::new(false);
            let next = |state: &mut State, now| {
                let held = held.fetch_or(state.hold.is_some(), Ordering::Relaxed) || state.hold.is_some();
                state.departure(now, held)
            };
            (now, self.probe) = self.pace.wait(next).await;
        }
        let mut state = self.pace.state();
        state.unsent -= u32::from(self.apart.is_none());
        (self.sent, self.apart) = (now, Some(state.spacing.sent(now)));
    }

    /// Tells what became of the request.
    pub fn finish(mut self, answer: &Answer) {
        self.open = false;
        self.pace.finish(&self, Some(answer));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.pace.finish(self, None);
        }
    }
}
