//! Where identities go and how.

use std::sync::Arc;

use super::OnExisting;
use crate::avnology::{AdminCalls, Client, RunMark};
use crate::pace::{Pace, RetryBudget};

/// Where identities go and how.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The target.
    pub client: Client,
    /// Requests to it beside the batches.
    pub calls: AdminCalls,
    /// Whether it has the batch methods.
    pub batch: bool,
    /// The pace that all requests share.
    pub pace: Arc<Pace>,
    /// Bytes of batches that may be on their way at once.
    pub memory: u64,
    /// How often and how long one batch is tried.
    pub budget: RetryBudget,
    /// What becomes of users who are there already.
    pub on_existing: OnExisting,
    /// Makes this run's idempotency keys its own: another run must not be answered from this one's memory.
    pub run_id: String,
    /// What the run puts on what it creates, and knows it by.
    pub mark: Option<RunMark>,
}
