//! What a delivery goes by: where identities go and how.

use std::sync::Arc;

use super::OnExisting;
use crate::destination::{Destination, RunMark};

/// Where identities go and how.
#[derive(Clone, Debug)]
pub struct DeliveryTerms {
    /// Where they go, at the pace and with the patience that it has.
    pub destination: Arc<dyn Destination>,
    /// Bytes of batches that may be on their way at once.
    pub memory: u64,
    /// What becomes of users who are there already.
    pub on_existing: OnExisting,
    /// Makes this run's idempotency keys its own: another run must not be answered from this one's memory.
    pub run_id: String,
    /// What the run puts on what it creates, and knows it by.
    pub mark: Option<RunMark>,
}
