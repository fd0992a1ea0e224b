//! The Admin API's methods, each as one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::errors;
use crate::destination::TargetError;
use crate::http::{self, BaseUrl, ClientError, ClientOptions, Reply, Request, is_transient, retry_until_answered};
use crate::pace::RetryBudget;

/// The Admin API of one target. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: http::HttpClient,
    /// The URL of the documented single create, which is sent most often.
    identities: url::Url,
    /// Whether the target creates what it is asked only to check.
    creates_what_it_checks: Arc<AtomicBool>,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        let http = http::HttpClient::new(options)?;
        Ok(Self { identities: http.url("v1/identities"), http, creates_what_it_checks: Arc::default() })
    }

    /// The target.
    pub fn base_url(&self) -> &BaseUrl {
        self.http.base_url()
    }

    /// Whether the target may be asked only to check something: not if it created that once.
    pub fn may_ask_to_check(&self) -> bool {
        !self.creates_what_it_checks.load(Ordering::Relaxed)
    }

    /// From now on it may not.
    pub(super) fn ask_to_check_no_more(&self) {
        self.creates_what_it_checks.store(true, Ordering::Relaxed);
    }

    /// Repeats a request of this client's until it is answered; an answer of success has to be `acceptable`, too.
    pub(super) async fn until_answered<F: Future<Output = Reply>>(
        &self,
        budget: &RetryBudget,
        request: impl Fn() -> F,
        acceptable: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, TargetError> {
        let answered = retry_until_answered(budget, is_transient, request, acceptable).await;
        answered.map_err(|gave_up| errors::gave_up(self.base_url(), &gave_up))
    }

    /// `POST /v1/identities:batchCreate`, for those who ask what the target makes of it. What is to be created goes
    /// through `AdminCalls::create_batch`, which knows the paths of all kinds.
    pub(super) async fn ask_batch_create(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post(super::BATCH_CREATE, body, idempotency_key).await
    }

    /// `POST /v1/identities`, the documented single create.
    pub async fn create(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.http.send(Request::idempotent_post(self.identities.clone(), body, idempotency_key)).await
    }

    /// `DELETE /v1/identities/{id}`.
    pub async fn delete(&self, id: &str) -> Reply {
        self.http.send(Request::delete(self.http.url(&format!("v1/identities/{id}")))).await
    }

    /// `POST /v1/identities:batchUpdate`.
    pub async fn batch_update(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities:batchUpdate", body, idempotency_key).await
    }

    /// `PATCH /v1/identities/{id}`.
    pub async fn update(&self, id: &str, body: Bytes) -> Reply {
        self.http.send(Request::patch(self.http.url(&format!("v1/identities/{id}")), body)).await
    }

    /// `POST /v1/identities/{id}:deactivate` or `:reactivate`.
    pub async fn set_state(&self, id: &str, verb: &str, reason: &str) -> Reply {
        let body = Bytes::from(serde_json::json!({ "reason": reason }).to_string());
        self.http.send(Request::post(self.http.url(&format!("v1/identities/{id}:{verb}")), body)).await
    }

    /// `GET /oauth2/auth`, as a browser sends it.
    pub(super) async fn authorize(&self, query: &[(&str, &str)]) -> Reply {
        let mut url = self.http.url("oauth2/auth");
        url.query_pairs_mut().extend_pairs(query);
        self.http.send(Request::get(url)).await
    }

    /// `GET` of a document that everybody may read.
    pub(super) async fn public(&self, path: &str) -> Reply {
        self.http.send(Request::get(self.http.url(path))).await
    }

    /// `GET /v1/identities`, the oldest first, from the place that a page token names.
    pub async fn list(&self, page_token: Option<&str>, page_size: usize) -> Reply {
        let mut url = self.http.url("v1/identities");
        url.query_pairs_mut().append_pair("page_size", &page_size.to_string()).append_pair("order_by", "create_time");
        if let Some(token) = page_token {
            url.query_pairs_mut().append_pair("page_token", token);
        }
        self.http.send(Request::get(url)).await
    }

    /// `GET /v1/identities:batchGet`.
    pub async fn batch_get(&self, external_ids: &[&str]) -> Reply {
        let mut url = self.http.url("v1/identities:batchGet");
        for id in external_ids {
            url.query_pairs_mut().append_pair("external_ids", id);
        }
        self.http.send(Request::get(url)).await
    }

    /// `GET /v1/identities/{id}`.
    pub async fn get(&self, id: &str) -> Reply {
        self.http.send(Request::get(self.http.url(&format!("v1/identities/{id}")))).await
    }

    /// `GET /v1/identities` filtered by a field.
    pub async fn find(&self, field: &str, value: &str, page_size: usize) -> Reply {
        let mut url = self.http.url("v1/identities");
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        url.query_pairs_mut()
            .append_pair("filter", &format!("{field} = \"{quoted}\""))
            .append_pair("page_size", &page_size.to_string());
        self.http.send(Request::get(url)).await
    }

    /// `GET /v1/organizations/{id}`.
    pub async fn organization(&self, id: &str) -> Reply {
        self.http.send(Request::get(self.http.url(&format!("v1/organizations/{id}")))).await
    }

    /// `GET /v1/organizations` filtered by the name, from the place that a page token names.
    pub async fn organizations(&self, name: &str, page_token: Option<&str>) -> Reply {
        let mut url = self.http.url("v1/organizations");
        url.query_pairs_mut().append_pair("filter", &format!("name = \"{name}\"")).append_pair("page_size", "100");
        if let Some(token) = page_token {
            url.query_pairs_mut().append_pair("page_token", token);
        }
        self.http.send(Request::get(url)).await
    }

    /// `POST /v1/organizations`.
    pub async fn create_organization(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/organizations", body, idempotency_key).await
    }

    /// `DELETE /v1/organizations/{id}`.
    pub async fn delete_organization(&self, id: &str) -> Reply {
        self.http.send(Request::delete(self.http.url(&format!("v1/organizations/{id}")))).await
    }

    /// `POST` of a client under an idempotency key, whose answer is kept to the byte: a secret is in it.
    pub(super) async fn create_oauth_client(&self, path: &str, body: Bytes, idempotency_key: &str) -> Reply {
        let request = Request::idempotent_post(self.http.url(path), body, idempotency_key).with_answer();
        self.http.send(request).await
    }

    /// `GET` of a path with parameters.
    pub(super) async fn get_at(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.http.send(Request::get(self.with_parameters(path, parameters))).await
    }

    /// `DELETE` of a path with parameters.
    pub(super) async fn delete_at(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.http.send(Request::delete(self.with_parameters(path, parameters))).await
    }

    /// `PATCH` of a path.
    pub(super) async fn patch_at(&self, path: &str, body: Bytes) -> Reply {
        self.http.send(Request::patch(self.http.url(path), body)).await
    }

    fn with_parameters(&self, path: &str, parameters: &[(&str, &str)]) -> url::Url {
        let mut url = self.http.url(path);
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }

    /// `POST` to a path, under an idempotency key. The results are kept; long texts in them are cut off.
    pub(super) async fn post(&self, path: &str, body: Bytes, idempotency_key: &str) -> Reply {
        self.http.send(Request::idempotent_post(self.http.url(path), body, idempotency_key)).await
    }
}
