//! A request that brought no results.

use std::time::Duration;

use super::{ItemError, TargetError};

/// How a request failed to bring results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The destination does not let us in.
    NoAccess,
    /// The request is larger than the destination takes.
    TooLarge,
    /// Something about what was sent was refused, by the destination or by something on the way to it.
    Content,
    /// Requests come too fast for the destination.
    Throttled,
    /// No answer came in time. One record may be the reason.
    Timeout,
    /// The destination broke down, or its answer cannot be read. One record may be the reason.
    Breakdown,
    /// A gateway says so, or the connection broke. One record may be the reason.
    Gateway,
    /// The destination cannot be reached with any request.
    Away,
}

impl Failure {
    /// Whether one record may be the reason why the destination fails.
    pub const fn may_come_from_a_record(self) -> bool {
        matches!(self, Self::Timeout | Self::Breakdown | Self::Gateway)
    }
}

/// A request that brought no results.
#[derive(Debug)]
pub struct FailedRequest {
    /// How it failed.
    pub failure: Failure,
    /// Whether it may have been carried out: not if it was refused, or never arrived.
    pub may_have_been_applied: bool,
    /// How long the destination asks to wait.
    pub retry_after: Option<Duration>,
    /// Whether a refusal is the destination's own word about what was sent, and not that of something on the way to it.
    pub is_explained: bool,
    /// What the answer says is wrong with the identity, if it was the only one.
    pub error: ItemError,
    /// Under which name the request is found in logs.
    pub request_id: Option<String>,
    /// Why the run stops, should it stop here.
    pub errors: StopErrors,
}

/// Why a run stops after a failed request, for each reason that it can have.
#[derive(Debug)]
pub struct StopErrors {
    /// The destination does not let us in.
    pub no_access: TargetError,
    /// It asks to wait for too long; nothing if it does not ask to wait.
    pub asks_to_wait: Option<TargetError>,
    /// It keeps failing.
    pub unreachable: TargetError,
}
