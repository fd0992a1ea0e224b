//! Questions to the API at one pace, each asked until it is answered.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::clerk_error::ClerkError;
use super::refusal::ApiRefusal;
use super::{API_VERSION, PageRequest};
use crate::http::{self, Body, ClientOptions, PacedRequests, ReplyOutcome, is_transient};
use crate::pace::{PaceFigures, PaceGate, RetryBudget};

/// The header that says which version of the API is meant.
const VERSION_HEADER: &str = "Clerk-API-Version";

/// How often something is asked that the caller can do without.
const OPTIONAL_ATTEMPTS: u32 = 3;

/// What came of a question.
#[derive(Debug)]
pub enum Answer<T> {
    /// The answer: what was read of it, and its bytes.
    Read(T, Body),
    /// It is larger than anything that is kept: less has to be asked for at once.
    TooLarge,
    /// The API says that there is no such thing, or not for us.
    Refused(ApiRefusal),
}

/// How many requests were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// All of them.
    pub sent: u64,
    /// Those among them that were refused for going too fast.
    pub throttled: u64,
    /// Those among them that were further attempts.
    pub retries: u64,
}

/// Questions to the API of one instance. It sends GET and nothing else.
#[derive(Debug)]
pub struct ClerkCalls {
    client: http::HttpClient,
    requests: PacedRequests,
    /// Those that the caller can do without.
    optional: PacedRequests,
    pace: Arc<PaceGate>,
    sent: AtomicU64,
    throttled: AtomicU64,
    retries: AtomicU64,
}

impl ClerkCalls {
    /// Questions at this pace; nothing is sent yet.
    pub fn new(options: &ClientOptions, pace: Arc<PaceGate>, budget: RetryBudget) -> Result<Self, ClerkError> {
        let client = http::HttpClient::new(options)?;
        let requests = |budget| PacedRequests::new(Arc::clone(&pace), budget, is_transient);
        let attempts = budget.attempts.min(OPTIONAL_ATTEMPTS);
        let (requests, optional) = (requests(budget), requests(RetryBudget { attempts, ..budget }));
        let (sent, throttled, retries) = Default::default();
        Ok(Self { client, requests, optional, pace, sent, throttled, retries })
    }

    /// The address of the API, for people.
    pub fn address(&self) -> String {
        self.client.base_url().to_string()
    }

    /// How many requests were sent.
    pub fn requests(&self) -> Requests {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Requests { sent: count(&self.sent), throttled: count(&self.throttled), retries: count(&self.retries) }
    }

    /// How fast it goes.
    pub fn pace(&self) -> PaceFigures {
        self.pace.figures()
    }

    /// See [`http::answers_side_by_side`].
    pub fn answers_side_by_side(length: usize) -> usize {
        http::answers_side_by_side(length)
    }

    /// Asks until there is an answer that `read` can read, or one that waiting does not change.
    pub async fn ask<T>(
        &self,
        question: &PageRequest<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Answer<T>, ClerkError> {
        Ok(self.ask_by(&self.requests, question, read).await?.0)
    }

    /// The same; with the answer comes when it was given by the API's clock, in whole seconds, if the API says so.
    pub async fn ask_with_date<T>(
        &self,
        question: &PageRequest<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<(Answer<T>, Option<Timestamp>), ClerkError> {
        let (answer, date) = self.ask_by(&self.requests, question, read).await?;
        Ok((answer, date.and_then(|date| date.try_into().ok())))
    }

    /// Asks a few times for what the caller can do without; nothing if that is not answered with success.
    pub async fn ask_for_optional<T>(
        &self,
        question: &PageRequest<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        match self.ask_by(&self.optional, question, read).await {
            Ok((Answer::Read(answer, _), _)) => Some(answer),
            _ => None,
        }
    }

    async fn ask_by<T>(
        &self,
        requests: &PacedRequests,
        question: &PageRequest<'_>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<(Answer<T>, Option<SystemTime>), ClerkError> {
        let mut url = self.client.url(question.endpoint.path());
        let query = question.query();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let (found, attempts) = (RefCell::new(None), Cell::new(0_u64));
        let request = || async {
            self.sent.fetch_add(1, Ordering::Relaxed);
            self.retries.fetch_add(u64::from(attempts.replace(attempts.get() + 1) > 0), Ordering::Relaxed);
            let request = http::Request::get(url.clone()).with_header(VERSION_HEADER, API_VERSION);
            let reply = self.client.send(request).await;
            self.throttled.fetch_add(u64::from(reply.outcome.is_throttled()), Ordering::Relaxed);
            reply
        };
        let acceptable = |reply: &http::Reply| {
            let answer = read(&reply.body);
            let is_some = answer.is_some();
            *found.borrow_mut() = answer;
            is_some
        };
        let sent = requests.send(request, acceptable).await;
        let reply = sent.map_err(|gave_up| ClerkError::gave_up(self.client.base_url(), &gave_up))?;
        let answer = match (reply.outcome, found.into_inner()) {
            (outcome, Some(answer)) if outcome.is_success() => Answer::Read(answer, reply.body),
            (ReplyOutcome::TooLarge, _) => Answer::TooLarge,
            (ReplyOutcome::Answered { status }, _) => Answer::Refused(ApiRefusal::read(status, &reply.body)),
            _ => return Err(ClerkError::unreachable(self.client.base_url(), &reply)),
        };
        Ok((answer, reply.date))
    }

    /// The error of a refusal that nothing can be made of.
    pub fn refused(&self, refusal: &ApiRefusal) -> ClerkError {
        ClerkError::refused(self.client.base_url(), refusal)
    }

    /// The error of a list that comes to no end, or of an answer that does not become small enough.
    pub fn broken(&self, reason: String) -> ClerkError {
        ClerkError::Unreachable { api: self.address(), reason }
    }
}
