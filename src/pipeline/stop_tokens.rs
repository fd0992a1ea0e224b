//! By what the stages are told to stop.

use tokio_util::sync::CancellationToken;

/// By what the stages are told to stop.
#[derive(Clone, Default)]
pub(super) struct StopTokens {
    /// Nothing new is begun.
    pub stop: CancellationToken,
    /// Requests under way are dropped.
    pub abort: CancellationToken,
}
