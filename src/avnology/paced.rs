//! Calls that may be repeated, at one pace: reading back, deleting.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Capabilities, Client, Comparable, Decision, Outcome, Pace, Reply, RetryBudget, TargetError, decide, deleted, insist,
};

/// A client for calls that may be repeated until they are answered.
#[derive(Clone, Debug)]
pub struct Paced {
    client: Client,
    capabilities: Capabilities,
    pace: Arc<Pace>,
    budget: RetryBudget,
}

impl Paced {
    /// Calls to this target at this pace.
    pub fn new(client: Client, capabilities: Capabilities, pace: Pace, budget: RetryBudget) -> Self {
        Self { client, capabilities, pace: Arc::new(pace), budget }
    }

    /// Finds identities by their external ids, at most [`super::MAX_PAGE`] of them; the bodies are lists for
    /// [`Comparable::listed`].
    pub async fn read_back(&self, external_ids: &[&str]) -> Result<Vec<Vec<u8>>, TargetError> {
        if external_ids.is_empty() {
            return Ok(Vec::new());
        }
        if self.capabilities.batch {
            return Ok(vec![self.list(async || self.client.batch_get(external_ids).await).await?]);
        }
        let mut bodies = Vec::with_capacity(external_ids.len());
        for id in external_ids {
            bodies.push(self.list(async || self.client.find(id).await).await?);
        }
        Ok(bodies)
    }

    /// One page of all identities, the oldest first.
    pub async fn page(&self, token: Option<&str>, size: u32) -> Result<Vec<u8>, TargetError> {
        self.list(async || self.client.list(token, size).await).await
    }

    /// Deletes identities by the target's own ids. One that is gone already counts as deleted.
    pub async fn delete(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if self.capabilities.batch {
            let body = Bytes::from(serde_json::json!({ "ids": ids }).to_string());
            let key = format!("delete-{}", uuid::Uuid::new_v4());
            let request = async || self.client.batch_delete(body.clone(), &key).await;
            let reply = self.ask(request, |reply| deleted(&reply.body, ids.len()).is_some()).await?;
            return Ok(deleted(&reply.body, ids.len()).unwrap_or_default());
        }
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            let request = async || {
                let reply = self.client.delete(id).await;
                match reply.outcome {
                    Outcome::Answered { status: 404 } => Reply { outcome: Outcome::Answered { status: 204 }, ..reply },
                    _ => reply,
                }
            };
            self.ask(request, |_| true).await?;
            done.push(true);
        }
        Ok(done)
    }

    async fn list(&self, request: impl AsyncFn() -> Reply) -> Result<Vec<u8>, TargetError> {
        Ok(self.ask(request, |reply| Comparable::listed(&reply.body).is_some()).await?.body)
    }

    /// Asks until there is an acceptable answer; any other one means that the target does not want us.
    async fn ask(
        &self,
        request: impl AsyncFn() -> Reply,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let paced = async || {
            self.pace.turn().await;
            let reply = request().await;
            if let Some(pause) = reply.retry_after {
                self.pace.pause(pause.min(self.budget.longest));
            }
            reply
        };
        let reply = insist(&self.client, &self.budget, paced, acceptable).await?;
        match decide(reply.outcome) {
            Decision::Done => Ok(reply),
            _ => Err(TargetError::refused(self.client.base_url(), &reply)),
        }
    }
}
