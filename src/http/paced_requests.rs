//! Requests that may be repeated, at one pace.

use std::sync::Arc;

use super::{GaveUp, Reply, TransientRule, retry_while};
use crate::pace::{PaceGate, RetryBudget};

/// Sends requests that may be repeated, each at its turn of a pace that all requests to the same side share.
#[derive(Clone, Debug)]
pub struct PacedRequests {
    pace: Arc<PaceGate>,
    budget: RetryBudget,
    is_transient: TransientRule,
}

impl PacedRequests {
    /// Requests at this pace, each repeated within `budget` as long as its outcome is transient.
    pub fn new(pace: Arc<PaceGate>, budget: RetryBudget, is_transient: TransientRule) -> Self {
        Self { pace, budget, is_transient }
    }

    /// The pace.
    pub fn pace(&self) -> &Arc<PaceGate> {
        &self.pace
    }

    /// How often and how long a request is tried.
    pub fn budget(&self) -> RetryBudget {
        self.budget
    }

    /// Sends a request until it is answered by what is no transient outcome; an answer of success has to be `acceptable`,
    /// too.
    pub async fn send<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, GaveUp> {
        let request = &request;
        let at_our_turn = || async move {
            let mut permit = self.pace.admit().await;
            permit.depart().await;
            let reply = request().await;
            permit.finish(&reply.pace_signal(self.is_transient));
            reply
        };
        // A wait that the other side asked for holds every request, this one too.
        let keep_trying = || self.pace.failing_for() <= self.budget.total;
        retry_while(&self.budget, self.is_transient, at_our_turn, acceptable, keep_trying).await
    }
}
