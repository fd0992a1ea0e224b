//! Calls that may be repeated, at one pace: looking up, changing, deleting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::catalogue::Catalogue;
use super::{
    Body, Client, Comparable, Decision, ErrorBody, Field, MAX_PAGE, Outcome, Reply, RetryBudget, TargetError, decide,
    deleted, error_body, insist_while, updated,
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

/// How many of these external ids fit one URL; one does in any case.
fn fitting(ids: &[&str]) -> usize {
    let length = |id: &str| {
        let plain = id.bytes().filter(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        "&external_ids=".len() + plain + 3 * (id.len() - plain)
    };
    let mut bytes = 0;
    let fits = ids.iter().take_while(|id| {
        bytes += length(id);
        bytes <= MAX_QUERY
    });
    fits.count().max(1)
}

/// Bytes of an answer that are aimed at where users are large. Usual ones fit a page in a fraction of it.
const GOOD_ANSWER: usize = 1024 * 1024;

/// How many users are asked for at once, by how large the answers are.
#[derive(Debug)]
struct PageSize(AtomicUsize);

impl PageSize {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// An answer about so many users had so many bytes.
    fn answered(&self, users: usize, bytes: usize) {
        self.0.store((users * GOOD_ANSWER / bytes.max(1)).clamp(1, MAX_PAGE), Ordering::Relaxed);
    }

    /// So many were too many.
    fn too_large(&self, users: usize) {
        self.0.store((users / 2).max(1), Ordering::Relaxed);
    }
}

/// One identity as a list of it, or of nobody.
fn as_list(identity: Body) -> Body {
    identity.between(b"{\"identities\":[", b"]}")
}

/// A client for calls that may be repeated until they are answered.
#[derive(Clone, Debug)]
pub struct Paced {
    client: Client,
    batch: bool,
    pace: Arc<Pace>,
    budget: RetryBudget,
    page_size: Arc<PageSize>,
    /// Of a target whose list ignores the filter by external id.
    catalogue: Arc<Mutex<Option<Catalogue>>>,
}

impl Paced {
    /// Calls to this target at this pace; `batch` says whether it has the batch methods.
    pub fn new(client: Client, batch: bool, pace: Arc<Pace>, budget: RetryBudget) -> Self {
        let page_size = Arc::new(PageSize(AtomicUsize::new(MAX_PAGE)));
        Self { client, batch, pace, budget, page_size, catalogue: Arc::default() }
    }

    /// The error of a target whose list of identities comes to no end.
    pub fn endless_list(&self) -> TargetError {
        let reason = "its list of users gives the same page again and again".to_owned();
        TargetError::Unreachable { target: self.client.base_url().to_string(), reason }
    }

    /// Finds the first of these identities by their external ids, as many as one answer can hold: how many, and a list for
    /// [`Comparable::listed`]. Nobody may ask for another one who has not let go of the last.
    pub async fn read_some(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        if !self.batch {
            let Some(id) = external_ids.first() else { return Ok((0, Body::default())) };
            return Ok((1, self.find(id).await?));
        }
        let most = fitting(external_ids).min(external_ids.len());
        self.list(most, |count| self.client.batch_get(&external_ids[..count])).await
    }

    /// Whether it can be asked about many at once.
    pub fn has_batch_methods(&self) -> bool {
        self.batch
    }

    /// A list of the identity with this external id, or of others.
    async fn find(&self, external_id: &str) -> Result<Body, TargetError> {
        if self.catalogue.lock().await.is_none() {
            let body = self.filtered("external_id", external_id).await?;
            let is_asked_for = |found: &Comparable<'_>| found.external_id.as_deref() == Some(external_id);
            if let Some(body) = body
                && Comparable::listed(&body).is_some_and(|(found, _)| found.iter().all(is_asked_for))
            {
                return Ok(body);
            }
            tracing::info!("the target's list ignores the filter by external id; all of it is gone through");
        }
        let mut catalogue = self.catalogue.lock().await;
        let catalogue = match &mut *catalogue {
            Some(catalogue) => catalogue,
            none => none.insert(Catalogue::create()?),
        };
        let found = catalogue.ask_for(self, external_id).await?.unwrap_or_default();
        Ok(as_list(found))
    }

    /// A list with the identity of the same person as `sent`, wherever it is by its external id: by what else is unique, for
    /// the target can filter by that; if it cannot, its whole list is gone through.
    pub async fn find_person(&self, sent: &Comparable<'_>) -> Result<Option<Body>, TargetError> {
        let Some(clerk_id) = sent.clerk_id() else { return Ok(None) };
        for (field, value) in sent.addresses() {
            let body = self.filtered(field, value).await?;
            let listed = body.as_deref().and_then(Comparable::listed).map(|(listed, _)| listed);
            if listed.iter().flatten().any(|found| sent.is_same_person(found) == Some(true)) {
                return Ok(body);
            }
            let is_filtered = listed.is_some_and(|listed| listed.iter().all(|found| found.has_address(field, value)));
            if !is_filtered {
                drop(body);
                tracing::info!(field, "the target's list cannot be filtered by this; all of it is gone through");
                let mut catalogue = self.catalogue.lock().await;
                let catalogue = match &mut *catalogue {
                    Some(catalogue) => catalogue,
                    none => none.insert(Catalogue::create()?),
                };
                return Ok(catalogue.ask_for_person(self, &clerk_id).await?.map(as_list));
            }
        }
        Ok(None)
    }

    /// What a filter finds; nothing if the target does not take such a filter.
    async fn filtered(&self, field: &str, value: &str) -> Result<Option<Body>, TargetError> {
        // One would do. A second one shows that the filter is ignored.
        let (_, reply) = self.asked_in_parts(2, |count| self.client.find(field, value, count)).await?;
        match decide(reply.outcome) {
            Decision::Done => Ok(Some(reply.body)),
            Decision::Isolate => Ok(None),
            _ => Err(TargetError::refused(self.client.base_url(), &reply)),
        }
    }

    /// The identity with this id of the target's own, to be read by [`Comparable::one`]. Nothing only if the target itself
    /// says that there is none.
    pub async fn get(&self, id: &str) -> Result<Option<Body>, TargetError> {
        let is_it = |reply: &Reply| Comparable::one(&reply.body).is_some_and(|found| found.id.as_deref() == Some(id));
        let reply = self.retried(|| self.client.get(id), is_it).await?;
        if decide(reply.outcome) == Decision::Done {
            return Ok(Some(reply.body));
        }
        self.is_gone(&reply).await.map(|()| None)
    }

    /// Whether an answer says that an identity is gone. A gateway with nothing behind it says 404 as well, but to everything.
    async fn is_gone(&self, reply: &Reply) -> Result<(), TargetError> {
        let said = error_body(&reply.body).code.is_some_and(|code| code.starts_with("AVNOLOGY_"));
        match reply.outcome {
            Outcome::Answered { status: 404 } if said => Ok(()),
            Outcome::Answered { status: 404 } => self.list(1, |count| self.client.list(None, count)).await.map(drop),
            _ => Err(TargetError::refused(self.client.base_url(), reply)),
        }
    }

    /// One page of all identities, the oldest first.
    pub async fn page(&self, token: Option<&str>) -> Result<Body, TargetError> {
        Ok(self.list(MAX_PAGE, |count| self.client.list(token, count)).await?.1)
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
            let reply = self.retried(|| self.client.delete(id), |_| true).await?;
            if decide(reply.outcome) != Decision::Done {
                self.is_gone(&reply).await?;
            }
            done.push(true);
        }
        Ok(done)
    }

    /// Lists so many users, or fewer while the answers are too large: how many, and the list.
    async fn list<F: Future<Output = Reply>>(
        &self,
        most: usize,
        request: impl Fn(usize) -> F,
    ) -> Result<(usize, Body), TargetError> {
        let (count, reply) = self.asked_in_parts(most, request).await?;
        match decide(reply.outcome) {
            Decision::Done => Ok((count, reply.body)),
            _ => Err(TargetError::refused(self.client.base_url(), &reply)),
        }
    }

    /// Asks for so many users, or for fewer while the answers are too large: for how many, and the answer.
    async fn asked_in_parts<F: Future<Output = Reply>>(
        &self,
        most: usize,
        request: impl Fn(usize) -> F,
    ) -> Result<(usize, Reply), TargetError> {
        loop {
            let count = most.min(self.page_size.get());
            let reply = self.retried(|| request(count), |reply| Comparable::listed(&reply.body).is_some()).await?;
            match reply.outcome {
                Outcome::TooLarge if count > 1 => self.page_size.too_large(count),
                Outcome::TooLarge => return Err(TargetError::refused(self.client.base_url(), &reply)),
                outcome => {
                    if decide(outcome) == Decision::Done {
                        self.page_size.answered(count, reply.body.len());
                    }
                    return Ok((count, reply));
                }
            }
        }
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
