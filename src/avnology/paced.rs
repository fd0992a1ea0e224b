//! Calls that may be repeated, at one pace: reading back, deleting.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Client, Comparable, Decision, ErrorBody, Field, Outcome, Reply, RetryBudget, TargetError, decide, deleted,
    error_body, insist_while, updated,
};
use crate::pace::Pace;

/// A change to one identity.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The target's own id.
    pub id: &'a str,
    /// The identity as it would be sent, `{"identity":{…}}`.
    pub encoded: &'a [u8],
    /// What is to be changed.
    pub fields: &'a [Field],
    /// Whether the user may not sign in.
    pub disabled: bool,
}

impl Change<'_> {
    /// `{"id":…,"update_mask":…,"identity":{…}}`
    fn body(&self, mask: &str) -> Vec<u8> {
        let head = serde_json::json!({ "id": self.id, "update_mask": mask }).to_string();
        // Both are objects: the head without its `}`, the identity without its `{`.
        [&head.as_bytes()[..head.len() - 1], b",", self.encoded.get(1..).unwrap_or_default()].concat()
    }
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Updated,
    /// The target would not have it.
    Refused(ErrorBody),
}

/// Bytes of external ids in one URL. Servers and proxies refuse a request line of more than about 8 KB.
const MAX_QUERY: usize = 7_000;

/// Splits external ids so that each part fits one URL.
fn requests<'a, 'b>(mut ids: &'a [&'b str]) -> impl Iterator<Item = &'a [&'b str]> {
    let length = |id: &str| {
        let plain = id.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        "&external_ids=".len() + plain + 3 * (id.len() - plain)
    };
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = ids.iter().take_while(|id| {
            bytes += length(id);
            bytes <= MAX_QUERY
        });
        let count = fits.count().max(1).min(ids.len());
        let (part, rest) = ids.split_at(count);
        ids = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// A client for calls that may be repeated until they are answered.
#[derive(Clone, Debug)]
pub struct Paced {
    client: Client,
    batch: bool,
    pace: Arc<Pace>,
    budget: RetryBudget,
}

impl Paced {
    /// Calls to this target at this pace; `batch` says whether it has the batch methods.
    pub fn new(client: Client, batch: bool, pace: Arc<Pace>, budget: RetryBudget) -> Self {
        Self { client, batch, pace, budget }
    }

    /// The error of a target whose list of identities comes to no end.
    pub fn endless_list(&self) -> TargetError {
        let reason = "its list of users gives the same page again and again".to_owned();
        TargetError::Unreachable { target: self.client.base_url().to_string(), reason }
    }

    /// Finds identities by their external ids, at most [`super::MAX_PAGE`] of them; the bodies are lists for
    /// [`Comparable::listed`].
    pub async fn read_back(&self, external_ids: &[&str]) -> Result<Vec<Vec<u8>>, TargetError> {
        if external_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut bodies = Vec::new();
        if self.batch {
            for ids in requests(external_ids) {
                bodies.push(self.list(|| self.client.batch_get(ids)).await?);
            }
            return Ok(bodies);
        }
        for id in external_ids {
            bodies.push(self.list(|| self.client.find(id)).await?);
        }
        Ok(bodies)
    }

    /// One page of all identities, the oldest first.
    pub async fn page(&self, token: Option<&str>, size: u32) -> Result<Vec<u8>, TargetError> {
        self.list(|| self.client.list(token, size)).await
    }

    /// Changes some fields of one identity.
    pub async fn change(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let state_apart = !self.batch && change.fields.contains(&Field::State);
        let mask: Vec<&str> = change
            .fields
            .iter()
            .filter(|field| !(state_apart && **field == Field::State))
            .filter_map(|field| field.mask())
            .collect();
        if !mask.is_empty() {
            let body = change.body(&mask.join(","));
            let reply = if self.batch {
                let key = format!("update-{}", uuid::Uuid::new_v4());
                let body = Bytes::from([b"{\"requests\":[".as_slice(), &body, b"]}"].concat());
                let request = || self.client.batch_update(body.clone(), &key);
                self.retried(request, |reply| updated(&reply.body).is_some()).await?
            } else {
                let body = Bytes::from(body);
                self.retried(|| self.client.update(change.id, body.clone()), |_| true).await?
            };
            match decide(reply.outcome) {
                Decision::Done if self.batch => {
                    if let Some(Changed::Refused(error)) = updated(&reply.body) {
                        return Ok(Changed::Refused(error));
                    }
                }
                Decision::Done => {}
                Decision::Isolate => return Ok(Changed::Refused(error_body(&reply.body))),
                _ => return Err(TargetError::refused(self.client.base_url(), &reply)),
            }
        }
        if state_apart {
            self.set_state(change.id, if change.disabled { "deactivate" } else { "reactivate" }).await?;
        }
        Ok(Changed::Updated)
    }

    /// Deactivates or reactivates an identity.
    pub async fn set_state(&self, id: &str, verb: &str) -> Result<(), TargetError> {
        self.ask(|| self.client.set_state(id, verb, "as at Clerk"), |_| true).await.map(drop)
    }

    /// Deletes identities by the target's own ids. One that is gone already counts as deleted.
    pub async fn delete(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if self.batch {
            let body = Bytes::from(serde_json::json!({ "ids": ids }).to_string());
            let key = format!("delete-{}", uuid::Uuid::new_v4());
            let request = || self.client.batch_delete(body.clone(), &key);
            let reply = self.ask(request, |reply| deleted(&reply.body, ids.len()).is_some()).await?;
            return Ok(deleted(&reply.body, ids.len()).unwrap_or_default());
        }
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            let request = || async {
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

    async fn list<F: Future<Output = Reply>>(&self, request: impl Fn() -> F) -> Result<Vec<u8>, TargetError> {
        Ok(self.ask(request, |reply| Comparable::listed(&reply.body).is_some()).await?.body)
    }

    /// Asks until there is an acceptable answer; any other one means that the target does not want us.
    async fn ask<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let reply = self.retried(request, acceptable).await?;
        match decide(reply.outcome) {
            Decision::Done => Ok(reply),
            _ => Err(TargetError::refused(self.client.base_url(), &reply)),
        }
    }

    /// Asks until there is an acceptable answer, or one that waiting does not change.
    async fn retried<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let request = &request;
        let paced = || async move {
            let mut permit = self.pace.admit(false).await;
            permit.depart().await;
            let reply = request().await;
            permit.finish(&reply.answer());
            reply
        };
        // A wait that was told holds everybody, this one too.
        let hope = || self.pace.in_vain_for() <= self.budget.total;
        insist_while(&self.client, &self.budget, paced, acceptable, hope).await
    }
}
