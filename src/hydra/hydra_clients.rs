//! The clients of a Hydra.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::errors::{endless_list, gave_up, is_own_word, reason, refused};
use crate::apps::{ChangedClient, ClientForm, ClientRegistry, Created, FoundClient, read_client, read_created};
use crate::destination::TargetError;
use crate::http::{
    HttpClient, PacedRequests, Reply, ReplyOutcome, Request, TransientRule, is_transient, was_not_tried,
};
use crate::pace::{PaceGate, RetryBudget};

/// Where clients are.
const PATH: &str = "admin/clients";

/// Clients on a page of the list.
const PAGE: &str = "250";

/// The clients of a Hydra, by its admin API.
#[derive(Clone, Debug)]
pub struct HydraClients {
    http: HttpClient,
    requests: PacedRequests,
    /// What makes something, and may not be sent twice.
    once: PacedRequests,
}

impl HydraClients {
    /// Clients of this Hydra at this pace.
    pub fn new(http: HttpClient, pace: &Arc<PaceGate>, budget: RetryBudget) -> Self {
        let requests = |rule: TransientRule| PacedRequests::new(Arc::clone(pace), budget, rule);
        Self { http, requests: requests(is_transient), once: requests(was_not_tried) }
    }

    async fn retried(&self, request: &Request, acceptable: impl Fn(&Reply) -> bool) -> Result<Reply, TargetError> {
        let answered = self.requests.send(|| self.http.send(request.clone()), acceptable).await;
        answered.map_err(|given_up| gave_up(self.http.base_url(), &given_up))
    }

    fn one(&self, client_id: &str) -> url::Url {
        self.http.url(&format!("{PATH}/{client_id}"))
    }

    fn refused(&self, reply: &Reply) -> TargetError {
        refused(self.http.base_url(), reply)
    }
}

fn is_gone(reply: &Reply) -> bool {
    reply.outcome == (ReplyOutcome::Answered { status: 404 }) && is_own_word(&reply.body)
}

fn body_of(form: &ClientForm) -> Result<Bytes, TargetError> {
    Ok(Bytes::from(serde_json::to_vec(form).map_err(std::io::Error::from)?))
}

impl ClientRegistry for HydraClients {
    async fn is_there(&self) -> Result<bool, TargetError> {
        self.page(None).await.map(|_| true)
    }

    async fn read(&self, client_id: &str) -> Result<Option<FoundClient>, TargetError> {
        let is_it = |reply: &Reply| read_client(&reply.body).is_some_and(|found| found.client_id == client_id);
        let reply = self.retried(&Request::get(self.one(client_id)), is_it).await?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(read_client(&reply.body)),
            _ if is_gone(&reply) => Ok(None),
            _ => Err(self.refused(&reply)),
        }
    }

    async fn create(&self, form: &ClientForm) -> Result<Created, TargetError> {
        let request = Request::post(self.http.url(PATH), body_of(form)?).with_answer();
        let is_it = |reply: &Reply| read_created(&reply.body).is_some();
        let answered = self.once.send(|| self.http.send(request.clone()), is_it).await;
        let reply = answered.map_err(|given_up| gave_up(self.http.base_url(), &given_up))?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(read_created(&reply.body).map_or(Created::Unknown, Created::Client)),
            outcome if outcome.may_have_been_applied() => Ok(Created::Unknown),
            ReplyOutcome::Answered { status: 409 } => Ok(Created::Taken),
            ReplyOutcome::Answered { status: 400 | 422 } => Ok(Created::Refused { reason: reason(&reply.body) }),
            _ => Err(self.refused(&reply)),
        }
    }

    /// By a JSON Patch: a `PUT` is the whole client, and takes away all that is not in the form.
    async fn change(
        &self,
        client_id: &str,
        form: &ClientForm,
        fields: &[&'static str],
    ) -> Result<ChangedClient, TargetError> {
        // `add` also replaces what is there. `null` would change nothing; an empty text is as none.
        let add = |(field, value): (String, Value)| {
            let value = if value.is_null() { json!("") } else { value };
            json!({ "op": "add", "path": format!("/{field}"), "value": value })
        };
        let patch: Value = form.values(fields)?.into_iter().map(add).collect();
        let patch = Bytes::from(patch.to_string());
        let reply = self.retried(&Request::patch(self.one(client_id), patch), |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(ChangedClient::Done),
            ReplyOutcome::Answered { status: 400 | 409 | 422 } => {
                Ok(ChangedClient::Refused { reason: reason(&reply.body) })
            }
            _ => Err(self.refused(&reply)),
        }
    }

    async fn delete(&self, client_id: &str) -> Result<(), TargetError> {
        let reply = self.retried(&Request::delete(self.one(client_id)), |_| true).await?;
        if reply.outcome.is_success() || is_gone(&reply) { Ok(()) } else { Err(self.refused(&reply)) }
    }

    async fn page(&self, token: Option<&str>) -> Result<(Vec<FoundClient>, Option<String>), TargetError> {
        let mut url = self.http.url(PATH);
        url.query_pairs_mut().append_pair("page_size", PAGE);
        if let Some(token) = token {
            url.query_pairs_mut().append_pair("page_token", token);
        }
        let read = |reply: &Reply| serde_json::from_slice::<Vec<FoundClient>>(&reply.body).ok();
        let reply = self.retried(&Request::get(url), |reply| read(reply).is_some()).await?;
        let Some(clients) = read(&reply).filter(|_| reply.outcome.is_success()) else {
            return Err(self.refused(&reply));
        };
        let of = |url: &url::Url| {
            url.query_pairs().find(|(name, _)| name == "page_token").map(|(_, token)| token.into_owned())
        };
        Ok((clients, reply.next_page.as_ref().and_then(of).filter(|next| !next.is_empty())))
    }

    fn endless_list(&self) -> TargetError {
        endless_list(self.http.base_url())
    }
}
