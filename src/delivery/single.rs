//! The documented way for a target without batch methods: one request an identity.
//!
//! Its answers are turned into the same per-item results as a batch's, so that all else stays the same.

use bytes::Bytes;

use super::batch::Item;
use super::exchange::Exchange;
use crate::avnology::{
    AdminCalls, Client, Comparable, Decision, ErrorBody, ItemResult, RunMark, TargetError, decide, error_body, identity,
};
use crate::http::{AnswerHold, Reply, ReplyOutcome, is_transient};
use crate::pace::Permit;

/// One identity and how it is created.
pub(super) struct Single<'a> {
    pub client: &'a Client,
    /// For what is asked beside the creation.
    pub calls: &'a AdminCalls,
    pub item: &'a Item,
    /// What the run puts on what it creates, and knows it by.
    pub mark: Option<&'a RunMark>,
    /// Whether the same request was sent before.
    pub sent_before: bool,
}

impl Single<'_> {
    /// Creates the identity.
    pub(super) async fn create(&self, body: Bytes, key: &str, permit: Permit) -> Exchange {
        let mut reply = self.client.create(body, key).await;
        if decide(reply.outcome) == Decision::Done && identity(&reply.body).is_none() {
            reply = reply.unreadable();
        }
        permit.finish(&reply.pace_signal(is_transient));
        let request = reply.request_id.clone();
        match reply.outcome {
            ReplyOutcome::Answered { status: 409 } => match self.existing(error_body(&reply.body)).await {
                Ok(result) => Exchange::Results(vec![result], request, AnswerHold::default()),
                Err(error) => Exchange::Failed(error),
            },
            outcome if decide(outcome) != Decision::Done => Exchange::Undecided(reply),
            _ => self.created(reply).await,
        }
    }

    async fn created(&self, reply: Reply) -> Exchange {
        let Some(created) = identity(&reply.body) else { return Exchange::Undecided(reply) };
        match self.disable(&created.id, created.state.as_deref()).await {
            Ok(()) => {
                let result = ItemResult::Created { id: Some(created.id) };
                Exchange::Results(vec![result], reply.request_id, AnswerHold::default())
            }
            Err(error) => Exchange::Failed(error),
        }
    }

    /// A target that ignores `state` has let in somebody who is banned.
    async fn disable(&self, id: &str, state: Option<&str>) -> Result<(), TargetError> {
        if self.item.disabled && !matches!(state, Some("disabled" | "inactive")) {
            self.calls.set_state(id, "deactivate").await?;
        }
        Ok(())
    }

    /// Tells apart, by reading, an identity that is there already from another one that is in the way.
    async fn existing(&self, conflict: ErrorBody) -> Result<ItemResult, TargetError> {
        let (_, body) = self.calls.read_some(&[&self.item.external_id]).await?;
        let found = Comparable::by_external_id(std::slice::from_ref(&body));
        let Some(found) = found.get(&*self.item.external_id) else {
            let code = conflict.code.or_else(|| Some("AVNOLOGY_AUTH_903".to_owned()));
            return Ok(ItemResult::Error { error: ErrorBody { code, ..conflict } });
        };
        // Ours, of a request whose answer was lost before it could be disabled. Nobody else's is touched; but where a target
        // does not show whose it is, nobody who is banned is let in.
        let is_ours = match self.mark {
            Some(mark) if found.shows_admin_metadata() => found.is_marked_by(mark),
            _ => self.sent_before,
        };
        if let Some(id) = found.id.as_deref().filter(|_| is_ours) {
            self.disable(id, found.state.as_deref()).await?;
        }
        Ok(ItemResult::Exists { id: found.id.as_deref().map(str::to_owned) })
    }
}
