//! Calls that may be repeated, at one pace: looking up, changing, deleting. What creates is in `create`, and the destination that
//! has all of them in `destination`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::error_body::says_it_is_gone;
use super::errors::{gave_up, refused};
use super::item_error::{gone, refused_content};
use super::{BATCH_DELETE, Client, MAX_PAGE, Meaning, meaning_of, read_list, read_one, updated};
use crate::destination::{Catalogue, Change, Changed, Field, TargetError};
use crate::http::{Body, PacedRequests, Reply, ReplyOutcome, is_transient};
use crate::pace::{PaceGate, RetryBudget};

/// Bytes of an answer that are aimed at where users are large. Usual ones fit a page in a fraction of it.
const GOOD_ANSWER: usize = 1024 * 1024;

/// How many users are asked for at once, by how large the answers are.
#[derive(Debug)]
struct PageSize(AtomicUsize);

impl PageSize {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// How many users an answer was about, and how many bytes it had.
    fn answered(&self, users: usize, bytes: usize) {
        self.0.store((users * GOOD_ANSWER / bytes.max(1)).clamp(1, MAX_PAGE), Ordering::Relaxed);
    }

    /// How many users were too many.
    fn too_large(&self, users: usize) {
        self.0.store((users / 2).max(1), Ordering::Relaxed);
    }
}

/// A client for calls that may be repeated until they are answered.
#[derive(Clone, Debug)]
pub struct AdminCalls {
    pub(super) client: Client,
    pub(super) batch: bool,
    pub(super) requests: PacedRequests,
    page_size: Arc<PageSize>,
    /// Of a target whose list ignores the filter by external id.
    pub(super) catalogue: Arc<Mutex<Option<Catalogue>>>,
}

impl AdminCalls {
    /// Calls to this target at this pace; `batch` says whether it has the batch methods.
    pub fn new(client: Client, batch: bool, pace: Arc<PaceGate>, budget: RetryBudget) -> Self {
        let page_size = Arc::new(PageSize(AtomicUsize::new(MAX_PAGE)));
        let requests = PacedRequests::new(pace, budget, is_transient);
        Self { client, batch, requests, page_size, catalogue: Arc::default() }
    }

    /// The identity with this id of the target's own, to be read by [`read_one`]. Nothing only if the target itself
    /// says that there is none.
    pub(super) async fn read_by_id(&self, id: &str) -> Result<Option<Body>, TargetError> {
        let is_it = |reply: &Reply| read_one(&reply.body).is_some_and(|found| found.id.as_deref() == Some(id));
        let reply = self.retried(|| self.client.get(id), is_it).await?;
        if meaning_of(reply.outcome) == Meaning::Done {
            return Ok(Some(reply.body));
        }
        self.is_gone(&reply).await.map(|()| None)
    }

    /// Whether an answer says that an identity is gone. A gateway with nothing behind it says 404 as well, but to everything.
    pub(super) async fn is_gone(&self, reply: &Reply) -> Result<(), TargetError> {
        match reply.outcome {
            _ if says_it_is_gone(reply) => Ok(()),
            ReplyOutcome::Answered { status: 404 } => {
                self.list(1, |count| self.client.list(None, count)).await.map(drop)
            }
            _ => Err(refused(self.client.base_url(), reply)),
        }
    }

    /// One page of all identities, the oldest first.
    pub(super) async fn page(&self, token: Option<&str>) -> Result<Body, TargetError> {
        Ok(self.list(MAX_PAGE, |count| self.client.list(token, count)).await?.1)
    }

    /// Changes some fields of one identity.
    pub(super) async fn update(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let state_apart = !self.batch && change.fields.contains(&Field::State);
        let mask: Vec<&str> = change
            .fields
            .iter()
            .filter(|field| !(state_apart && **field == Field::State))
            .filter(|field| field.is_changeable())
            .map(|field| field.name())
            .collect();
        if !mask.is_empty() {
            let body = body_of(change, &mask.join(","));
            let reply = if self.batch {
                let key = format!("update-{}", uuid::Uuid::new_v4());
                let body = Bytes::from([b"{\"requests\":[".as_slice(), &body, b"]}"].concat());
                let request = || self.client.batch_update(body.clone(), &key);
                self.retried(request, |reply| updated(&reply.body).is_some()).await?
            } else {
                let body = Bytes::from(body);
                self.retried(|| self.client.update(change.id, body.clone()), |_| true).await?
            };
            match meaning_of(reply.outcome) {
                Meaning::Done if self.batch => {
                    if let Some(Changed::Refused(error)) = updated(&reply.body) {
                        return Ok(Changed::Refused(error));
                    }
                }
                Meaning::Done => {}
                Meaning::OfContent => return Ok(Changed::Refused(refused_content(&reply))),
                _ => return self.refused_if_gone(&reply),
            }
        }
        if state_apart {
            return self.set_state(change.id, if change.disabled { "deactivate" } else { "reactivate" }).await;
        }
        Ok(Changed::Updated)
    }

    /// Deactivates or reactivates an identity. It is only refused if there is no such identity.
    pub async fn set_state(&self, id: &str, verb: &str) -> Result<Changed, TargetError> {
        let reply = self.retried(|| self.client.set_state(id, verb, "as at Clerk"), |_| true).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(Changed::Updated),
            _ => self.refused_if_gone(&reply),
        }
    }

    /// What came of a change that was not made: refused if the identity is gone, and otherwise the target does not let us in.
    fn refused_if_gone(&self, reply: &Reply) -> Result<Changed, TargetError> {
        gone(reply).map(Changed::Refused).ok_or_else(|| refused(self.client.base_url(), reply))
    }

    /// Disables or enables an identity whose user left the export, or is back: whether it did. One that is gone it leaves so.
    pub(super) async fn disable_or_enable(&self, id: &str, is_disabled: bool) -> Result<bool, TargetError> {
        let (verb, reason) = if is_disabled {
            ("deactivate", "no longer in the export from Clerk")
        } else {
            ("reactivate", "disabled by the import while it was missing from the export from Clerk")
        };
        let reply = self.retried(|| self.client.set_state(id, verb, reason), |_| true).await?;
        if meaning_of(reply.outcome) == Meaning::Done {
            return Ok(true);
        }
        self.is_gone(&reply).await.map(|()| false)
    }

    /// Deletes identities by the target's own ids. One that is gone already counts as deleted.
    pub(super) async fn delete_all(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if self.batch {
            let ids: Vec<_> = ids.iter().map(|id| serde_json::Value::from(*id)).collect();
            return self.delete_batch(BATCH_DELETE, "ids", &ids).await;
        }
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            let reply = self.retried(|| self.client.delete(id), |_| true).await?;
            if meaning_of(reply.outcome) != Meaning::Done {
                self.is_gone(&reply).await?;
            }
            done.push(true);
        }
        Ok(done)
    }

    /// Lists this many users, or fewer while the answers are too large: how many, and the list.
    pub(super) async fn list<F: Future<Output = Reply>>(
        &self,
        most: usize,
        request: impl Fn(usize) -> F,
    ) -> Result<(usize, Body), TargetError> {
        let (count, reply) = self.asked_in_parts(most, request).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok((count, reply.body)),
            _ => Err(refused(self.client.base_url(), &reply)),
        }
    }

    /// Asks for this many users, or for fewer while the answers are too large: for how many, and the answer.
    pub(super) async fn asked_in_parts<F: Future<Output = Reply>>(
        &self,
        most: usize,
        request: impl Fn(usize) -> F,
    ) -> Result<(usize, Reply), TargetError> {
        loop {
            let count = most.min(self.page_size.get());
            let reply = self.retried(|| request(count), |reply| read_list(&reply.body).is_some()).await?;
            match reply.outcome {
                ReplyOutcome::TooLarge if count > 1 => self.page_size.too_large(count),
                ReplyOutcome::TooLarge => return Err(refused(self.client.base_url(), &reply)),
                outcome => {
                    if meaning_of(outcome) == Meaning::Done {
                        self.page_size.answered(count, reply.body.len());
                    }
                    return Ok((count, reply));
                }
            }
        }
    }

    /// Asks until there is an acceptable answer; any other one means that the target does not let us in.
    pub(super) async fn ask<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let reply = self.retried(request, acceptable).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(reply),
            _ => Err(refused(self.client.base_url(), &reply)),
        }
    }

    /// Asks until there is an acceptable answer, or one that waiting does not change.
    pub(super) async fn retried<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let answered = self.requests.send(request, acceptable).await;
        answered.map_err(|given_up| gave_up(self.client.base_url(), &given_up))
    }
}

/// `{"id":…,"update_mask":…,"identity":{…}}`
fn body_of(change: &Change<'_>, mask: &str) -> Vec<u8> {
    let head = serde_json::json!({ "id": change.id, "update_mask": mask }).to_string();
    // Both are objects: the head without its `}`, the identity without its `{`.
    [&head.as_bytes()[..head.len() - 1], b",", change.encoded.get(1..).unwrap_or_default()].concat()
}
