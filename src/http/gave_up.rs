//! A request that was sent until there was no point in sending it again now.

use std::time::Duration;

use super::Reply;

/// The last reply to a request that was never answered, however often it was sent.
#[derive(Debug)]
pub struct GaveUp {
    /// The last reply.
    pub reply: Reply,
    /// How long the other side asks to wait, if that is longer than the retry budget allows.
    pub asks_to_wait: Option<Duration>,
}
