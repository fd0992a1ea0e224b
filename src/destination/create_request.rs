//! A request that creates identities, and what came of it.

use bytes::Bytes;

use super::{FailedRequest, ItemResult, RunMark, TargetError};
use crate::http::HeldRoom;

/// A request that creates identities.
#[derive(Debug)]
pub struct CreateRequest<'a> {
    /// The identities as they are sent, in the destination's [`super::Envelope`].
    pub body: Bytes,
    /// What has to be known of each beside that, in their order.
    pub items: Vec<CreateItem<'a>>,
    /// The idempotency key: the same for the same identities, and another one for all others.
    pub key: &'a str,
    /// Whether an earlier request may have created these identities, also one that was larger and had another key. One that was
    /// refused as a whole created none.
    pub sent_before: bool,
    /// What the run puts on what it creates, and knows it by.
    pub mark: Option<&'a RunMark>,
}

/// One identity of a request that creates them.
#[derive(Clone, Copy, Debug)]
pub struct CreateItem<'a> {
    /// The key at the destination.
    pub external_id: &'a str,
    /// Whether the user may not sign in.
    pub disabled: bool,
}

/// A result for each identity of a request that creates them.
#[derive(Debug, Default)]
pub struct CreateResults {
    /// In the order of the request.
    pub results: Vec<ItemResult>,
    /// Under which name the request is found in logs.
    pub request_id: Option<String>,
    /// Keeps the room in memory that the answer took: drop it to give that back.
    pub held_room: HeldRoom,
}

/// What came of a request that creates identities.
#[derive(Debug)]
pub enum CreateOutcome {
    /// The destination answered for each identity.
    Results(CreateResults),
    /// It did not.
    Failed(Box<FailedRequest>),
    /// It does not let us in, or what was asked beside it was not answered for too long: the run stops.
    Stopped(TargetError),
}
