//! Moves bytes: one request, one reply, no retries of its own and no redirect followed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::retry::retry_after;
use super::{BaseUrl, Outcome, TargetError, Transport};

/// The longest answer that is read. A batch answer of 1 000 items is about 100 KB; anything near this is not ours.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Who we are and how long we wait.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The target.
    pub base_url: BaseUrl,
    /// The admin key. Opaque: any prefix is fine.
    pub secret_key: SecretString,
    /// For making a connection.
    pub connect_timeout: Duration,
    /// For one request from its first byte to the answer's last.
    pub request_timeout: Duration,
}

/// The Admin API of one target. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: BaseUrl,
}

/// What came of one request.
#[derive(Debug)]
pub struct Reply {
    /// The status, or why there is none.
    pub outcome: Outcome,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The `Date` header: the target's clock.
    pub date: Option<SystemTime>,
    /// The `Location` header's host, for the message when a redirect was refused.
    pub location: Option<String>,
    /// The body, empty when there is no answer.
    pub body: Vec<u8>,
}

impl Reply {
    /// An outcome and nothing else.
    pub(crate) fn none(outcome: Outcome) -> Self {
        Self { outcome, retry_after: None, date: None, location: None, body: Vec::new() }
    }
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub fn new(options: &ClientOptions) -> Result<Self, TargetError> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", options.secret_key.expose_secret().trim()))
            .map_err(|_| TargetError::Key)?;
        authorization.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("avnology-migrate/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .connect_timeout(options.connect_timeout)
            .timeout(options.request_timeout)
            // A redirect would carry the key and the users to a host that nobody named.
            .redirect(redirect::Policy::none())
            // Attempts are counted, paced and reported by the sender; the library must not add any.
            .retry(reqwest::retry::never());
        if options.base_url.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(TargetError::Client)?;
        Ok(Self { http, base_url: options.base_url.clone() })
    }

    /// The target.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// `POST /v1/identities:batchCreate`.
    pub async fn batch_create(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities:batchCreate", body, idempotency_key).await
    }

    /// `POST /v1/identities`, the documented single create.
    pub async fn create(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities", body, idempotency_key).await
    }

    /// `POST /v1/identities:batchDelete`.
    pub async fn batch_delete(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities:batchDelete", body, idempotency_key).await
    }

    /// `DELETE /v1/identities/{id}`.
    pub async fn delete(&self, id: &str) -> Reply {
        reply(self.http.delete(self.base_url.path(&format!("v1/identities/{id}")))).await
    }

    /// `POST /v1/identities:batchUpdate`.
    pub async fn batch_update(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities:batchUpdate", body, idempotency_key).await
    }

    /// `PATCH /v1/identities/{id}`.
    pub async fn update(&self, id: &str, body: Bytes) -> Reply {
        let url = self.base_url.path(&format!("v1/identities/{id}"));
        reply(self.http.patch(url).header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// `POST /v1/identities/{id}:deactivate` or `:reactivate`.
    pub async fn set_state(&self, id: &str, verb: &str, reason: &str) -> Reply {
        let body = serde_json::json!({ "reason": reason }).to_string();
        let url = self.base_url.path(&format!("v1/identities/{id}:{verb}"));
        reply(self.http.post(url).header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// `GET /v1/identities`, the oldest first, from the place that a page token names.
    pub async fn list(&self, page_token: Option<&str>, page_size: u32) -> Reply {
        let mut url = self.base_url.path("v1/identities");
        url.query_pairs_mut().append_pair("page_size", &page_size.to_string()).append_pair("order_by", "create_time");
        if let Some(token) = page_token {
            url.query_pairs_mut().append_pair("page_token", token);
        }
        reply(self.http.get(url)).await
    }

    /// `GET /v1/identities:batchGet`.
    pub async fn batch_get(&self, external_ids: &[&str]) -> Reply {
        let mut url = self.base_url.path("v1/identities:batchGet");
        for id in external_ids {
            url.query_pairs_mut().append_pair("external_ids", id);
        }
        reply(self.http.get(url)).await
    }

    /// `GET /v1/identities` filtered by `external_id`.
    pub async fn find(&self, external_id: &str) -> Reply {
        let mut url = self.base_url.path("v1/identities");
        let quoted = external_id.replace('\\', "\\\\").replace('"', "\\\"");
        url.query_pairs_mut()
            .append_pair("filter", &format!("external_id = \"{quoted}\""))
            .append_pair("page_size", "2");
        reply(self.http.get(url)).await
    }

    async fn post(&self, path: &str, body: Bytes, idempotency_key: &str) -> Reply {
        let request = self
            .http
            .request(Method::POST, self.base_url.path(path))
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", idempotency_key)
            .body(body);
        reply(request).await
    }
}

/// Sends and reads the answer to its end.
async fn reply(request: RequestBuilder) -> Reply {
    match request.send().await {
        Ok(response) => answered(response).await,
        Err(error) => {
            tracing::debug!(error = %innermost(&error), "no answer");
            Reply::none(Outcome::Failed(transport(&error)))
        }
    }
}

async fn answered(mut response: Response) -> Reply {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let date = header(DATE).and_then(|value| httpdate::parse_http_date(value).ok());
    // A date to wait for is one by the target's clock.
    let retry_after = header(RETRY_AFTER).and_then(|value| retry_after(value, date.unwrap_or_else(SystemTime::now)));
    let location = header(LOCATION)
        .and_then(|value| response.url().join(value).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    let mut reply = Reply { retry_after, date, location, ..Reply::none(Outcome::Answered { status }) };
    loop {
        match response.chunk().await {
            Ok(None) => return reply,
            Ok(Some(piece)) if reply.body.len() + piece.len() <= MAX_ANSWER_BYTES => {
                reply.body.extend_from_slice(&piece);
            }
            Ok(Some(_)) => {
                // Whatever this is, it is not an answer of this API; an error status still tells enough.
                if (200..300).contains(&status) {
                    reply.outcome = Outcome::Unreadable;
                }
                return reply;
            }
            Err(error) => {
                reply.outcome = Outcome::Failed(transport(&error));
                return reply;
            }
        }
    }
}

fn transport(error: &reqwest::Error) -> Transport {
    if error.is_connect() {
        Transport::Connect
    } else if error.is_timeout() {
        Transport::Timeout
    } else {
        Transport::Interrupted
    }
}

/// The cause at the bottom of the chain. The layers above it repeat the URL, which may hold an `external_id`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
