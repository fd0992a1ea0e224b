//! One request to the target and what it brought.

use crate::avnology::{ItemResult, TargetError};
use crate::http::{AnswerHold, Reply};

/// What an exchange with the target brought.
pub(super) enum Exchange {
    /// A result for each item, the name of the request, and the room that the answer takes.
    Results(Vec<ItemResult>, Option<String>, AnswerHold),
    /// No results: decide by the reply.
    Undecided(Reply),
    /// The target refuses us, or what was asked beside it was not answered for too long.
    Failed(TargetError),
}
