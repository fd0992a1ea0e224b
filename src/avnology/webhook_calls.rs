//! Endpoints of webhooks at the target.
//!
//! Documented: `POST /v1/webhooks` and `POST /v1/webhooks/{id}:rotateSecret`, both of which show a secret, and no other answer
//! does. Assumed: `GET /v1/webhooks` in pages like the other lists, `PATCH /v1/webhooks/{id}` with
//! `active`, `DELETE /v1/webhooks/{id}`, and that the description of an
//! endpoint is kept as it was sent: a mark in it says who made the endpoint.

use std::sync::Arc;

use bytes::Bytes;
use secrecy::SecretString;
use serde::Deserialize;

use super::error_body::error_body;
use super::errors::{endless_list, gave_up, refused};
use super::{Client, Meaning, meaning_of};
use crate::destination::TargetError;
use crate::http::{PacedRequests, RepeatingList, Reply, ReplyOutcome, is_transient, was_not_tried};
use crate::pace::{PaceGate, RetryBudget};

/// What the key needs.
const SCOPE: &str = "the key needs the scope admin:webhooks:write";

/// An endpoint that is at the target.
#[derive(Clone, Debug)]
pub struct RegisteredWebhook {
    /// The target's id.
    pub id: String,
    /// Where deliveries go. It may hold a secret.
    pub url: SecretString,
    /// What is delivered, sorted.
    pub events: Vec<String>,
    /// What it is for.
    pub description: String,
    /// Whether anything is delivered.
    pub active: bool,
}

/// An endpoint as answers show it.
#[derive(Deserialize)]
struct Shown {
    id: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    active: bool,
}

/// A page of the list.
#[derive(Deserialize)]
struct List {
    webhooks: Vec<Shown>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// An answer that shows a secret.
#[derive(Deserialize)]
struct WithSecret {
    id: String,
    secret: String,
}

/// What came of asking for an endpoint.
#[derive(Debug)]
pub enum Registered {
    /// It is there.
    Made {
        /// The target's id.
        id: String,
        /// What it will be signed with; shown once.
        secret: SecretString,
    },
    /// The answer was lost: it may be there.
    Unknown,
    /// The target does not want this one. For people, and without any value.
    Refused(String),
    /// The target has no such method.
    NoMethod,
}

/// Calls about endpoints of webhooks.
#[derive(Clone, Debug)]
pub struct WebhookCalls {
    client: Client,
    /// What may be asked again in any case.
    repeatable: PacedRequests,
    /// What may only be asked again if it did not arrive.
    once: PacedRequests,
}

impl WebhookCalls {
    /// Calls to this target at this pace.
    pub fn new(client: Client, pace: Arc<PaceGate>, budget: RetryBudget) -> Self {
        let repeatable = PacedRequests::new(Arc::clone(&pace), budget, is_transient);
        let once = PacedRequests::new(pace, budget, was_not_tried);
        Self { client, repeatable, once }
    }

    /// All endpoints; nothing if the target has no list of them.
    pub async fn list(&self) -> Result<Option<Vec<RegisteredWebhook>>, TargetError> {
        let (mut found, mut token, mut cycle) = (Vec::new(), None::<String>, RepeatingList::default());
        loop {
            let parameters: Vec<(&str, &str)> = std::iter::once(("page_size", "100"))
                .chain(token.iter().map(|token| ("page_token", token.as_str())))
                .collect();
            let ask = || self.client.get_at("v1/webhooks", &parameters);
            let reply = self.repeatable.send(ask, |reply| read::<List>(reply).is_some()).await;
            let reply = reply.map_err(|failure| gave_up(self.client.base_url(), &failure))?;
            if reply.outcome.is_no_method() {
                return Ok(None);
            }
            self.done(&reply)?;
            let Some(List { webhooks, next_page_token }) = read(&reply) else { return Ok(Some(found)) };
            found.extend(webhooks.into_iter().map(RegisteredWebhook::from));
            let Some(next) = next_page_token.filter(|token| !token.is_empty()) else { return Ok(Some(found)) };
            if cycle.closes_with(&next) {
                return Err(endless_list(self.client.base_url(), "endpoints of webhooks"));
            }
            token = Some(next);
        }
    }

    /// Asks for an endpoint once. `body` is its JSON.
    pub async fn register(&self, body: Bytes) -> Result<Registered, TargetError> {
        let key = format!("webhook-{}", uuid::Uuid::new_v4());
        let ask = || self.client.post("v1/webhooks", body.clone(), &key);
        let reply = self.once.send(ask, |reply| read::<WithSecret>(reply).is_some()).await;
        let reply = reply.map_err(|failure| gave_up(self.client.base_url(), &failure))?;
        if reply.outcome.is_no_method() {
            return Ok(Registered::NoMethod);
        }
        match (meaning_of(reply.outcome), read::<WithSecret>(&reply)) {
            (Meaning::Done, Some(WithSecret { id, secret })) => {
                Ok(Registered::Made { id, secret: SecretString::from(secret) })
            }
            (Meaning::OfContent, _) => {
                let code = error_body(&reply.body).code.unwrap_or_default();
                let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                let code = if is_plain && !code.is_empty() { format!(" ({code})") } else { String::new() };
                Ok(Registered::Refused(format!("the target does not take its address, events or headers{code}")))
            }
            _ if reply.outcome.may_have_been_applied() => Ok(Registered::Unknown),
            _ => Err(self.refused(&reply)),
        }
    }

    /// Gives an endpoint a new secret. The old one holds a while longer.
    pub async fn rotate_secret(&self, id: &str) -> Result<SecretString, TargetError> {
        let (path, key) = (format!("v1/webhooks/{id}:rotateSecret"), format!("rotate-{}", uuid::Uuid::new_v4()));
        let ask = || self.client.post(&path, Bytes::from_static(b"{}"), &key);
        let reply = self.repeatable.send(ask, |reply| read::<WithSecret>(reply).is_some()).await;
        let reply = reply.map_err(|failure| gave_up(self.client.base_url(), &failure))?;
        self.done(&reply)?;
        read::<WithSecret>(&reply).map(|answer| SecretString::from(answer.secret)).ok_or_else(|| self.refused(&reply))
    }

    /// Activates an endpoint; false if the target cannot.
    pub async fn activate(&self, id: &str) -> Result<bool, TargetError> {
        let path = format!("v1/webhooks/{id}");
        let ask = || self.client.patch_at(&path, Bytes::from_static(br#"{"active":true}"#));
        let reply = self.repeatable.send(ask, |_| true).await;
        let reply = reply.map_err(|failure| gave_up(self.client.base_url(), &failure))?;
        if reply.outcome.is_no_method() { Ok(false) } else { self.done(&reply).map(|()| true) }
    }

    /// Deletes an endpoint; false if the target cannot. One that is gone is deleted.
    pub async fn delete(&self, id: &str) -> Result<bool, TargetError> {
        let path = format!("v1/webhooks/{id}");
        let reply = self.repeatable.send(|| self.client.delete_at(&path, &[]), |_| true).await;
        let reply = reply.map_err(|failure| gave_up(self.client.base_url(), &failure))?;
        match reply.outcome {
            ReplyOutcome::Answered { status: 404 } if error_body(&reply.body).is_own_word() => Ok(true),
            _ if reply.outcome.is_no_method() => Ok(false),
            _ => self.done(&reply).map(|()| true),
        }
    }

    fn done(&self, reply: &Reply) -> Result<(), TargetError> {
        if meaning_of(reply.outcome) == Meaning::Done { Ok(()) } else { Err(self.refused(reply)) }
    }

    fn refused(&self, reply: &Reply) -> TargetError {
        match refused(self.client.base_url(), reply) {
            TargetError::Refused { target, reason, .. }
                if reply.outcome == (ReplyOutcome::Answered { status: 403 }) =>
            {
                TargetError::Refused { target, reason, advice: SCOPE }
            }
            other => other,
        }
    }
}

impl From<Shown> for RegisteredWebhook {
    fn from(Shown { id, url, mut events, description, active }: Shown) -> Self {
        events.sort_unstable();
        Self { id, url: SecretString::from(url), events, description: description.unwrap_or_default(), active }
    }
}

fn read<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    serde_json::from_slice(&reply.body).ok()
}
