//! The permission to send one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use super::state::PaceState;
use super::turn::{Departure, Turn};
use super::{PaceGate, PaceSignal};

/// The permission to send one request. If it is dropped, the request counts as not sent.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    pace: Arc<PaceGate>,
    turn: Turn,
    /// Whether its result is still unreported.
    open: bool,
}

impl PaceGate {
    /// Waits for the turn to send one request.
    pub async fn admit(self: &Arc<Self>) -> Permit {
        self.next_permit(false).await
    }

    /// The same for a request of the kind by whose answer times the concurrency is controlled.
    pub async fn admit_measured(self: &Arc<Self>) -> Permit {
        self.next_permit(true).await
    }

    async fn next_permit(self: &Arc<Self>, measured: bool) -> Permit {
        let _place = self.queue.lock().await;
        let (now, probe) = self.wait(PaceState::turn).await;
        let turn = Turn { came: now, departure: None, probe, measured };
        Permit { pace: Arc::clone(self), turn, open: true }
    }
}

impl Permit {
    /// Waits until the request may be sent. That is at once, unless the target refused or failed other requests since its
    /// turn, or requests are kept apart.
    pub async fn depart(&mut self) {
        // All other requests wait for the probe.
        let _place = if self.turn.probe { None } else { Some(self.pace.departures.lock().await) };
        let mut now = Instant::now();
        if !self.turn.probe {
            let held = AtomicBool::new(false);
            let next = |state: &mut PaceState, now| {
                let held = held.fetch_or(state.hold.is_some(), Ordering::Relaxed) || state.hold.is_some();
                state.departure(now, held)
            };
            (now, self.turn.probe) = self.pace.wait(next).await;
        }
        self.pace.departed.fetch_add(1, Ordering::Relaxed);
        let mut state = self.pace.state();
        state.unsent -= u32::from(self.turn.departure.is_none());
        self.turn.departure = Some(Departure { at: now, apart: state.spacing.sent(now) });
    }

    /// Reports the result of the request.
    pub fn finish(mut self, answer: &PaceSignal) {
        self.open = false;
        self.pace.finish(&self.turn, Some(answer));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            self.pace.finish(&self.turn, None);
        }
    }
}
