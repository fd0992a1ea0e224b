//! OAuth clients of the Admin API. No page of its documentation has these methods: all that is assumed of them is in this file,
//! and a target without them says so by 404, 405 or 501.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::error_body::{error_body, says_it_is_gone};
use super::errors::{endless_list, gave_up, refused_clients};
use super::{Client, Meaning, meaning_of};
use crate::apps::{ChangedClient, ClientForm, ClientRegistry, Created, FoundClient, read_client, read_created};
use crate::destination::TargetError;
use crate::http::{PacedRequests, Reply, ReplyOutcome, is_transient};
use crate::pace::{PaceGate, RetryBudget};

/// Where clients are.
const PATH: &str = "v1/oauth-clients";

/// Clients on a page of the list.
const PAGE: &str = "100";

/// The OAuth clients of a target.
#[derive(Clone, Debug)]
pub struct OAuthClients {
    client: Client,
    requests: PacedRequests,
}

#[derive(Deserialize)]
struct Page {
    oauth_clients: Vec<FoundClient>,
    #[serde(default)]
    next_page_token: Option<String>,
}

impl OAuthClients {
    /// Clients of this target at this pace.
    pub fn new(client: Client, pace: Arc<PaceGate>, budget: RetryBudget) -> Self {
        Self { client, requests: PacedRequests::new(pace, budget, is_transient) }
    }

    async fn retried<F: Future<Output = Reply>>(
        &self,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let answered = self.requests.send(request, acceptable).await;
        answered.map_err(|given_up| gave_up(self.client.base_url(), &given_up))
    }

    fn refused(&self, reply: &Reply) -> TargetError {
        refused_clients(self.client.base_url(), reply)
    }

    fn path(client_id: &str) -> String {
        format!("{PATH}/{client_id}")
    }
}

/// What the target says is wrong with a client: its code and the field, which are no data of anybody.
fn reason(reply: &Reply) -> String {
    let error = error_body(&reply.body);
    let is_name = |text: &String| {
        text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    };
    let parts = [error.code.filter(is_name), error.field.filter(is_name)];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if said.is_empty() { "it says no more".to_owned() } else { said }
}

impl ClientRegistry for OAuthClients {
    async fn is_there(&self) -> Result<bool, TargetError> {
        let reply = self.retried(|| self.client.get_at(PATH, &[("page_size", "1")]), |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(true),
            outcome if outcome.is_no_method() => Ok(false),
            _ => Err(self.refused(&reply)),
        }
    }

    async fn read(&self, client_id: &str) -> Result<Option<FoundClient>, TargetError> {
        let path = Self::path(client_id);
        let is_it = |reply: &Reply| read_client(&reply.body).is_some_and(|found| found.client_id == client_id);
        let reply = self.retried(|| self.client.get_at(&path, &[]), is_it).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(read_client(&reply.body)),
            _ if says_it_is_gone(&reply) => Ok(None),
            _ => Err(self.refused(&reply)),
        }
    }

    /// Under one key for all attempts: the target makes one client of them, and shows its secret again.
    async fn create(&self, form: &ClientForm) -> Result<Created, TargetError> {
        let body = Bytes::from(serde_json::to_vec(form).map_err(std::io::Error::from)?);
        let key = format!("client-{}", uuid::Uuid::new_v4());
        let request = || self.client.create_oauth_client(PATH, body.clone(), &key);
        let is_it = |reply: &Reply| read_created(&reply.body).is_some();
        let answered = self.requests.send(request, is_it).await;
        let reply = match answered {
            Ok(reply) => reply,
            Err(given_up) if given_up.reply.outcome.may_have_been_applied() => return Ok(Created::Unknown),
            Err(given_up) => return Err(gave_up(self.client.base_url(), &given_up)),
        };
        match reply.outcome {
            outcome if outcome.is_success() => Ok(read_created(&reply.body).map_or(Created::Unknown, Created::Client)),
            ReplyOutcome::Answered { status: 409 } => Ok(Created::Taken),
            ReplyOutcome::Answered { status: 400 | 422 } => Ok(Created::Refused { reason: reason(&reply) }),
            _ => Err(self.refused(&reply)),
        }
    }

    async fn change(
        &self,
        client_id: &str,
        form: &ClientForm,
        fields: &[&'static str],
    ) -> Result<ChangedClient, TargetError> {
        let body = json!({ "client": form.values(fields)?, "update_mask": fields.join(",") }).to_string();
        let (path, body) = (Self::path(client_id), Bytes::from(body));
        let reply = self.retried(|| self.client.patch_at(&path, body.clone()), |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_success() => Ok(ChangedClient::Done),
            ReplyOutcome::Answered { status: 400 | 409 | 422 } => Ok(ChangedClient::Refused { reason: reason(&reply) }),
            _ => Err(self.refused(&reply)),
        }
    }

    async fn delete(&self, client_id: &str) -> Result<(), TargetError> {
        let path = Self::path(client_id);
        let reply = self.retried(|| self.client.delete_at(&path, &[]), |_| true).await?;
        if reply.outcome.is_success() || says_it_is_gone(&reply) { Ok(()) } else { Err(self.refused(&reply)) }
    }

    async fn page(&self, token: Option<&str>) -> Result<(Vec<FoundClient>, Option<String>), TargetError> {
        let mut parameters = vec![("page_size", PAGE)];
        parameters.extend(token.map(|token| ("page_token", token)));
        let read = |reply: &Reply| serde_json::from_slice::<Page>(&reply.body).ok();
        let reply = self.retried(|| self.client.get_at(PATH, &parameters), |reply| read(reply).is_some()).await?;
        let Some(page) = read(&reply).filter(|_| reply.outcome.is_success()) else { return Err(self.refused(&reply)) };
        Ok((page.oauth_clients, page.next_page_token.filter(|next| !next.is_empty())))
    }

    fn endless_list(&self) -> TargetError {
        endless_list(self.client.base_url(), "OAuth clients")
    }
}
