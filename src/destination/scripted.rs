//! A destination of which a test says what it answers, one request after the other. It needs no socket.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};
use serde::Deserialize;

use super::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, CreateResults, Destination, Envelope, FailedRequest,
    Failure, ItemError, ItemResult, Look, StopErrors, TargetError,
};
use crate::http::Body;
use crate::pace::{PaceGate, PaceSignal, Permit, RequestResult, RetryBudget};

/// What it answers to one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// That all items are created.
    Created,
    /// This, for each item that one is named for; all others are created.
    Items(Vec<(&'static str, ItemResult)>),
    /// No results.
    Failed(Failure),
    /// No results, but the destination has carried out the request.
    Lost(Failure),
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub external_ids: Vec<String>,
    pub key: String,
    pub body: String,
    pub sent_before: bool,
}

/// How it answers the requests that no answer was named for.
type Rule = Box<dyn Fn(&[&str]) -> Answer + Send + Sync>;

/// A destination that answers what a test says.
pub(crate) struct Scripted {
    pace: Arc<PaceGate>,
    budget: RetryBudget,
    answers: Mutex<VecDeque<Answer>>,
    rule: Rule,
    /// The requests that came, in order.
    received: Mutex<Vec<Received>>,
    /// Who is there, by external id, as JSON.
    there: Mutex<BTreeMap<String, String>>,
    changed: Mutex<Vec<String>>,
    /// What it says of changes of these ids, and how often yet.
    refused_changes: Mutex<BTreeMap<String, (u32, Changed)>>,
    answers_probes: bool,
    /// The most items of a request, and how long it takes for one.
    items: usize,
    takes: Duration,
    /// The requests that are under way, and the most that ever were.
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scripted")
    }
}

impl Scripted {
    /// The form of its requests: lines, each an identity as `{"identity":{…}}`.
    pub(crate) const ENVELOPE: Envelope =
        Envelope { head: b"<\n", separator: b"\n", tail: b"\n>", items: 1_000, bytes: 1024 * 1024 };

    /// One that creates everybody, but for what `rule` says of the external ids of a request.
    pub(crate) fn new(
        pace: Arc<PaceGate>,
        budget: RetryBudget,
        rule: impl Fn(&[&str]) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self {
            pace,
            budget,
            answers: Mutex::default(),
            rule: Box::new(rule),
            received: Mutex::default(),
            there: Mutex::default(),
            changed: Mutex::default(),
            refused_changes: Mutex::default(),
            answers_probes: true,
            items: Self::ENVELOPE.items,
            takes: Duration::ZERO,
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        }
    }

    /// It gives these answers first, and goes by its rule then.
    pub(crate) fn answering(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        lock(&self.answers).extend(answers);
        self
    }

    /// This identity is there already, as JSON.
    pub(crate) fn with(self, external_id: &str, identity: String) -> Self {
        lock(&self.there).insert(external_id.to_owned(), identity);
        self
    }

    /// It says this of changes of this id, so often.
    pub(crate) fn refusing(self, id: &str, times: u32, with: Changed) -> Self {
        lock(&self.refused_changes).insert(id.to_owned(), (times, with));
        self
    }

    /// It says this of all changes of whoever is there.
    pub(crate) fn refusing_all(self, with: &Changed) -> Self {
        let ids: Vec<String> = lock(&self.there).keys().map(|id| format!("id-{id}")).collect();
        ids.iter().fold(self, |scripted, id| scripted.refusing(id, u32::MAX, with.clone()))
    }

    /// It answers no probe well.
    pub(crate) fn failing_probes(self) -> Self {
        Self { answers_probes: false, ..self }
    }

    /// It takes one item a request, and so long for it.
    pub(crate) fn taking_one_in(self, takes: Duration) -> Self {
        Self { items: 1, takes, ..self }
    }

    /// How many requests were under way at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::Relaxed)
    }

    /// The requests that came, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// The ids of those that were changed.
    pub(crate) fn changed(&self) -> Vec<String> {
        lock(&self.changed).clone()
    }

    fn answer(&self, request: &CreateRequest<'_>) -> CreateOutcome {
        let ids: Vec<&str> = request.items.iter().map(|item| item.external_id).collect();
        lock(&self.received).push(Received {
            external_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            key: request.key.to_owned(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            sent_before: request.sent_before,
        });
        let answer = lock(&self.answers).pop_front().unwrap_or_else(|| (self.rule)(&ids));
        let (named, failure) = match answer {
            Answer::Failed(failure) => return failed(failure, false),
            Answer::Lost(failure) => (Vec::new(), Some(failure)),
            Answer::Created => (Vec::new(), None),
            Answer::Items(named) => (named, None),
        };
        let mut there = lock(&self.there);
        let bodies = request.body[Self::ENVELOPE.head.len()..request.body.len() - Self::ENVELOPE.tail.len()]
            .split(|byte| *byte == b'\n');
        let results = ids.iter().zip(bodies).map(|(id, body)| {
            if let Some((_, result)) = named.iter().find(|(name, _)| name == id) {
                return result.clone();
            }
            let own = format!("id-{id}");
            if there.contains_key(*id) {
                return ItemResult::Exists { id: Some(own) };
            }
            let sent = String::from_utf8_lossy(body);
            let members = &sent[r#"{"identity":{"#.len()..sent.len() - "}".len()];
            there.insert((*id).to_owned(), format!(r#"{{"id":"{own}",{members}"#));
            ItemResult::Created { id: Some(own) }
        });
        let results = results.collect();
        match failure {
            Some(failure) => failed(failure, true),
            None => CreateOutcome::Results(CreateResults { results, ..CreateResults::default() }),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request without results.
fn failed(failure: Failure, may_have_been_applied: bool) -> CreateOutcome {
    let error = |reason: &str| TargetError::Unreachable {
        target: "the script".to_owned(),
        reason: reason.to_owned(),
        may_be_of_record: false,
    };
    CreateOutcome::Failed(Box::new(FailedRequest {
        failure,
        may_have_been_applied,
        retry_after: None,
        is_explained: false,
        error: ItemError::default(),
        request_id: None,
        errors: StopErrors { no_access: error("refused"), asks_to_wait: None, unreachable: error("unreachable") },
    }))
}

impl Destination for Scripted {
    fn name(&self) -> String {
        "the script".to_owned()
    }

    fn pace(&self) -> &Arc<PaceGate> {
        &self.pace
    }

    fn budget(&self) -> RetryBudget {
        self.budget
    }

    fn envelope(&self) -> Envelope {
        Envelope { items: self.items, ..Self::ENVELOPE }
    }

    fn create<'a>(&'a self, request: CreateRequest<'a>, permit: Permit) -> BoxFuture<'a, CreateOutcome> {
        async move {
            let at_once = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::Relaxed);
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            self.at_once.fetch_sub(1, Ordering::Relaxed);
            let outcome = self.answer(&request);
            let verdict = match &outcome {
                CreateOutcome::Failed(failed) if failed.failure == Failure::Throttled => RequestResult::Refused,
                CreateOutcome::Failed(failed)
                    if failed.failure.may_come_from_a_record() || failed.failure == Failure::Away =>
                {
                    RequestResult::Failed
                }
                CreateOutcome::Results(CreateResults { results, .. })
                    if results.iter().all(ItemResult::is_transient) =>
                {
                    RequestResult::Failed
                }
                _ => RequestResult::Granted,
            };
            permit.finish(&PaceSignal::of(verdict));
            outcome
        }
        .boxed()
    }

    fn can_check(&self) -> bool {
        true
    }

    fn answers_probe(&self, permit: Permit) -> BoxFuture<'_, bool> {
        let verdict = if self.answers_probes { RequestResult::Granted } else { RequestResult::Failed };
        permit.finish(&PaceSignal::of(verdict));
        std::future::ready(self.answers_probes).boxed()
    }

    fn at_once(&self) -> usize {
        super::PAGE
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        let there = lock(&self.there);
        let found = id.strip_prefix("id-").and_then(|id| there.get(id));
        let body = found.map(|found| Body::from(format!("[{found}]").into_bytes()));
        std::future::ready(Ok(body)).boxed()
    }

    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        let mut there = lock(&self.there);
        for id in ids {
            there.remove(id.strip_prefix("id-").unwrap_or(id));
        }
        std::future::ready(Ok(vec![true; ids.len()])).boxed()
    }

    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>> {
        let there = lock(&self.there);
        let all: Vec<Comparable<'_>> = there.values().filter_map(|one| serde_json::from_str(one).ok()).collect();
        std::future::ready(look(&all).map_err(TargetError::from)).boxed_local()
    }

    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        let there = lock(&self.there);
        let found: Vec<&str> = external_ids.iter().filter_map(|id| there.get(*id)).map(String::as_str).collect();
        let body = Body::from(format!("[{}]", found.join(",")).into_bytes());
        std::future::ready(Ok((external_ids.len(), body))).boxed()
    }

    fn find_person<'a>(&'a self, sent: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        let there = lock(&self.there);
        let all: Vec<&str> = there.values().map(String::as_str).collect();
        let body = sent.clerk_id().map(|_| Body::from(format!("[{}]", all.join(",")).into_bytes()));
        std::future::ready(Ok(body)).boxed()
    }

    fn change<'a>(&'a self, change: &'a Change<'a>) -> BoxFuture<'a, Result<Changed, TargetError>> {
        let answer = match lock(&self.refused_changes).get_mut(change.id) {
            Some((times, with)) if *times > 0 => {
                *times -= 1;
                with.clone()
            }
            _ => {
                lock(&self.changed).push(change.id.to_owned());
                Changed::Updated
            }
        };
        std::future::ready(Ok(answer)).boxed()
    }

    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            identity: Comparable<'a>,
        }
        serde_json::from_slice::<Item<'_>>(encoded).ok().map(|item| item.identity)
    }

    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>> {
        serde_json::from_slice(answer).unwrap_or_default()
    }

    fn no_access_error(&self, _: &ItemError) -> TargetError {
        TargetError::Unreachable {
            target: self.name(),
            reason: "an item was refused".to_owned(),
            may_be_of_record: false,
        }
    }
}
