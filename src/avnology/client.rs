//! Moves bytes: one request, one reply, no retries of its own and no redirect followed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Certificate, Method, RequestBuilder, Response, redirect};
use secrecy::SecretString;

use super::body::{self, AnswerRoom, Body, Keep, ReadFailure};
use super::key::SecretKey;
use super::retry::retry_after;
use super::target_error::shown_request_id;
use super::transport::{innermost, transport};
use super::{BaseUrl, Decision, KeySource, Proxy, ProxyFault, Reply, ReplyOutcome, TargetError, Transport, decide};
use crate::pace::Quota;

/// What a stream of HTTP/2 holds that nobody has read yet, and a connection in all: an answer that waits for room keeps no
/// other one from coming.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 64 * STREAM_WINDOW;

/// The header that names a request, in both directions.
const REQUEST_ID: &str = "x-request-id";

/// How often an idle connection is checked.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Bodies below this are sent as they are, even where the target takes compressed ones.
const WORTH_COMPRESSING: usize = 1024;

/// How long the target may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For making a connection, with TLS.
    pub connect: Duration,
    /// For one request, from its first byte to the answer's last.
    pub request: Duration,
}

impl Default for Timeouts {
    /// A batch of 500 users takes well under a second where it is done in bulk.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_mins(1) }
    }
}

/// Who we are and how long we wait.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The target.
    pub base_url: BaseUrl,
    /// The admin key. Opaque: any prefix is fine.
    pub secret_key: SecretString,
    /// Where to look for another one.
    pub key_source: KeySource,
    /// How long the target may take.
    pub timeouts: Timeouts,
    /// A PEM file with certificates to trust, beside the system's.
    pub certificates: Option<PathBuf>,
    /// The proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
}

/// The Admin API of one target. Cheap to clone; clones share connections.
///
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: BaseUrl,
    key: Arc<SecretKey>,
    /// Whether the target said that it takes compressed bodies.
    takes_gzip: Arc<AtomicBool>,
    /// It refused one, which is final.
    refuses_gzip: Arc<AtomicBool>,
    /// For answers that are long.
    room: AnswerRoom,
    /// Whether the target creates what it is asked only to check.
    creates_probes: Arc<AtomicBool>,
    proxy: Option<Arc<Proxy>>,
    connect_timeout: Duration,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub fn new(options: &ClientOptions) -> Result<Self, TargetError> {
        let key = Arc::new(SecretKey::new(&options.secret_key, options.key_source.clone())?);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("avnology-migrate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeouts.connect)
            .timeout(options.timeouts.request)
            .tcp_keepalive(KEEPALIVE)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            // A redirect would carry the key and the users to a host that nobody named.
            .redirect(redirect::Policy::none())
            // Attempts are counted, paced and reported by the sender; the library must not add any.
            .retry(reqwest::retry::never());
        if let Some(path) = &options.certificates {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        // Those of the environment are known by now; the library would pass by one that it does not understand.
        builder = builder.no_proxy();
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(proxy.to_reqwest().map_err(TargetError::Client)?);
        }
        let http = builder.build().map_err(TargetError::Client)?;
        Ok(Self {
            http,
            base_url: options.base_url.clone(),
            key,
            takes_gzip: Arc::default(),
            refuses_gzip: Arc::default(),
            room: AnswerRoom::default(),
            creates_probes: Arc::default(),
            proxy: options.proxy.clone(),
            connect_timeout: options.timeouts.connect,
        })
    }

    /// The target.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// Whether the target may be asked only to check something: not if it created that once.
    pub fn may_probe(&self) -> bool {
        !self.creates_probes.load(Ordering::Relaxed)
    }

    /// From now on it may not.
    pub(super) fn probe_no_more(&self) {
        self.creates_probes.store(true, Ordering::Relaxed);
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
        self.send(self.http.delete(self.base_url.path(&format!("v1/identities/{id}"))), Keep::Nothing).await
    }

    /// `POST /v1/identities:batchUpdate`.
    pub async fn batch_update(&self, body: Bytes, idempotency_key: &str) -> Reply {
        self.post("v1/identities:batchUpdate", body, idempotency_key).await
    }

    /// `PATCH /v1/identities/{id}`.
    pub async fn update(&self, id: &str, body: Bytes) -> Reply {
        let url = self.base_url.path(&format!("v1/identities/{id}"));
        self.send(self.http.patch(url).header(CONTENT_TYPE, "application/json").body(body), Keep::Nothing).await
    }

    /// `POST /v1/identities/{id}:deactivate` or `:reactivate`.
    pub async fn set_state(&self, id: &str, verb: &str, reason: &str) -> Reply {
        let body = serde_json::json!({ "reason": reason }).to_string();
        let url = self.base_url.path(&format!("v1/identities/{id}:{verb}"));
        self.send(self.http.post(url).header(CONTENT_TYPE, "application/json").body(body), Keep::Nothing).await
    }

    /// `GET /v1/identities`, the oldest first, from the place that a page token names.
    pub async fn list(&self, page_token: Option<&str>, page_size: usize) -> Reply {
        let mut url = self.base_url.path("v1/identities");
        url.query_pairs_mut().append_pair("page_size", &page_size.to_string()).append_pair("order_by", "create_time");
        if let Some(token) = page_token {
            url.query_pairs_mut().append_pair("page_token", token);
        }
        self.send(self.http.get(url), Keep::All).await
    }

    /// `GET /v1/identities:batchGet`.
    pub async fn batch_get(&self, external_ids: &[&str]) -> Reply {
        let mut url = self.base_url.path("v1/identities:batchGet");
        for id in external_ids {
            url.query_pairs_mut().append_pair("external_ids", id);
        }
        self.send(self.http.get(url), Keep::All).await
    }

    /// `GET /v1/identities/{id}`.
    pub async fn get(&self, id: &str) -> Reply {
        self.send(self.http.get(self.base_url.path(&format!("v1/identities/{id}"))), Keep::All).await
    }

    /// `GET /v1/identities` filtered by a field.
    pub async fn find(&self, field: &str, value: &str, page_size: usize) -> Reply {
        let mut url = self.base_url.path("v1/identities");
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        url.query_pairs_mut()
            .append_pair("filter", &format!("{field} = \"{quoted}\""))
            .append_pair("page_size", &page_size.to_string());
        self.send(self.http.get(url), Keep::All).await
    }

    async fn post(&self, path: &str, body: Bytes, idempotency_key: &str) -> Reply {
        let request = |body: Bytes| {
            self.http
                .request(Method::POST, self.base_url.path(path))
                .header(CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", idempotency_key)
                .body(body)
        };
        let welcome = self.takes_gzip.load(Ordering::Relaxed) && !self.refuses_gzip.load(Ordering::Relaxed);
        if welcome && body.len() >= WORTH_COMPRESSING {
            let request = request(compressed(body.clone()).await).header(CONTENT_ENCODING, "gzip");
            let reply = self.send(request, Keep::Results).await;
            if reply.outcome != (ReplyOutcome::Answered { status: 415 }) {
                return reply;
            }
            // What says that it is welcome, a gateway for example, is not what reads it.
            self.refuses_gzip.store(true, Ordering::Relaxed);
        }
        self.send(request(body), Keep::Results).await
    }

    /// Sends a request, and once more if the key was replaced meanwhile.
    async fn send(&self, request: RequestBuilder, keep: Keep) -> Reply {
        // All bodies are in memory, so that there always is a second one.
        let second = request.try_clone();
        let (reply, generation) = self.attempt(request, keep).await;
        match (reply.outcome, second) {
            (ReplyOutcome::Answered { status: 401 | 403 }, Some(second)) if self.key.renew(generation).await => {
                self.attempt(second, keep).await.0
            }
            _ => reply,
        }
    }

    /// Sends and reads the answer to its end. Returns the generation of the key, too.
    async fn attempt(&self, request: RequestBuilder, keep: Keep) -> (Reply, u64) {
        let (authorization, generation) = self.key.current();
        let id = uuid::Uuid::now_v7().to_string();
        let mut reply = match request.header(AUTHORIZATION, authorization).header(REQUEST_ID, &id).send().await {
            Ok(response) => {
                if accepts_gzip(&response) {
                    self.takes_gzip.store(true, Ordering::Relaxed);
                }
                answered(response, keep, &self.room).await
            }
            Err(error) => {
                tracing::debug!(request = id, error = %innermost(&error), "no answer");
                self.not_sent(transport(&error)).await
            }
        };
        if decide(reply.outcome) == Decision::Done {
            self.key.is_good();
        }
        // The target's own name for it, if it has one, is what its logs have.
        reply.request_id = reply.request_id.or(Some(id));
        tracing::trace!(request = reply.request_id, outcome = ?reply.outcome, "answered");
        (reply, generation)
    }

    /// A reply that there is not, and which proxy is in the way.
    async fn not_sent(&self, transport: Transport) -> Reply {
        let Some(proxy) = &self.proxy else { return Reply::none(ReplyOutcome::Failed(transport)) };
        let fault = match transport {
            Transport::Proxy(ProxyFault::Broken) => match proxy.status(&self.base_url, self.connect_timeout).await {
                Some(status) if status != 200 => ProxyFault::Answered { status },
                _ => ProxyFault::Broken,
            },
            Transport::Proxy(fault) => fault,
            // It may be either, the proxy or what is behind it.
            Transport::Connect => ProxyFault::TimedOut,
            transport => return Reply::none(ReplyOutcome::Failed(transport)),
        };
        Reply { proxy: Some(proxy.to_string()), ..Reply::none(ReplyOutcome::Failed(Transport::Proxy(fault))) }
    }
}

/// The certificates in a PEM file.
fn certificates(path: &Path) -> Result<Vec<Certificate>, TargetError> {
    let wrong = |problem: String| TargetError::Certificates { path: path.display().to_string(), problem };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(wrong("it holds no certificate in PEM form".to_owned())),
    }
}

/// A target says so in its answers (RFC 9110, section 12.5.3).
fn accepts_gzip(response: &Response) -> bool {
    let header = response.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header
        .split(',')
        .any(|coding| coding.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("gzip")))
}

async fn compressed(body: Bytes) -> Bytes {
    let plain = body.clone();
    let compressed = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
        encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
    });
    compressed.await.map_or(body, Bytes::from)
}

async fn answered(response: Response, keep: Keep, room: &AnswerRoom) -> Reply {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let date = header(DATE).and_then(|value| httpdate::parse_http_date(value).ok());
    // A date to wait for is one by the target's clock.
    let now = date.unwrap_or_else(SystemTime::now);
    let retry_after = header(RETRY_AFTER).and_then(|value| retry_after(value, now));
    let quota = Quota::read(|name| response.headers().get(name)?.to_str().ok(), now);
    let request_id = header(HeaderName::from_static(REQUEST_ID)).and_then(shown_request_id).map(str::to_owned);
    let location = header(LOCATION)
        .and_then(|value| response.url().join(value).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    let (outcome, body) = match body::read(response, keep, room).await {
        Ok(body) => (ReplyOutcome::Answered { status }, body),
        Err(ReadFailure::TooLarge) => (ReplyOutcome::TooLarge, Body::default()),
        Err(ReadFailure::Failed(error)) => (ReplyOutcome::Failed(transport(&error)), Body::default()),
    };
    Reply { retry_after, quota, location, request_id, body, ..Reply::none(outcome) }
}
