//! Sends one request and reads its reply. It is sent again only if its key or its compression is refused; no redirect is followed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use reqwest::{Certificate, RequestBuilder, redirect};
use url::Url;

use super::answer_room::AnswerRoom;
use super::compression::{GzipWelcome, compressed};
use super::key::SecretKey;
use super::read_reply::{REQUEST_ID, read_reply};
use super::request_id::new_request_id;
use super::transport::{innermost, transport};
use super::{BaseUrl, ClientError, ClientOptions, Proxy, ProxyFault, Reply, ReplyOutcome, Request, Transport};

/// What a stream of HTTP/2 holds that nobody has read yet, and a connection in all: an answer that waits for room keeps no
/// other one from coming.
const STREAM_WINDOW: u32 = 128 * 1024;
const CONNECTION_WINDOW: u32 = 64 * STREAM_WINDOW;

/// The header that names what is sent, so that it is not carried out twice.
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often an idle connection is checked.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// The way to one other side. Cheap to clone; clones share connections, the key and the memory for answers.
#[derive(Clone, Debug)]
pub struct HttpClient {
    http: reqwest::Client,
    base_url: BaseUrl,
    key: Arc<SecretKey>,
    gzip: GzipWelcome,
    /// For answers that are long.
    room: AnswerRoom,
    proxy: Option<Arc<Proxy>>,
    connect_timeout: Duration,
}

impl HttpClient {
    /// Prepares a client; nothing is sent yet.
    pub fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        let key = Arc::new(SecretKey::new(options.secret_key.as_ref(), options.key_source.clone())?);
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
            builder = builder.proxy(proxy.to_reqwest().map_err(ClientError::Library)?);
        }
        let http = builder.build().map_err(ClientError::Library)?;
        Ok(Self {
            http,
            base_url: options.base_url.clone(),
            key,
            gzip: GzipWelcome::default(),
            room: AnswerRoom::default(),
            proxy: options.proxy.clone(),
            connect_timeout: options.timeouts.connect,
        })
    }

    /// The other side.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// The URL of a path there, such as `v1/users`.
    pub fn url(&self, path: &str) -> Url {
        self.base_url.path(path)
    }

    /// Sends a request, compressed if it may be and the other side takes that. If that refuses the compressed body (status 415), it
    /// is sent once more as it is. Either is sent once more, too, if its key is refused and there is a new one by now.
    pub async fn send(&self, request: Request) -> Reply {
        if request.idempotency_key.is_some()
            && let Some(body) = request.body.clone().filter(|body| self.gzip.is_for(body.len()))
        {
            let reply = self.send_with_new_key(&request, Some(compressed(body).await)).await;
            if reply.outcome != (ReplyOutcome::Answered { status: 415 }) {
                return reply;
            }
            self.gzip.refuse();
        }
        self.send_with_new_key(&request, None).await
    }

    /// Sends a request, and once more if the key was replaced meanwhile; with its body as `gzip`, if there is that.
    async fn send_with_new_key(&self, request: &Request, gzip: Option<Bytes>) -> Reply {
        let (reply, generation) = self.attempt(request, gzip.clone()).await;
        match reply.outcome {
            ReplyOutcome::Answered { status: 401 | 403 } if self.key.renew(generation).await => {
                self.attempt(request, gzip).await.0
            }
            _ => reply,
        }
    }

    /// Sends and reads the answer to its end. Returns the generation of the key, too.
    async fn attempt(&self, request: &Request, gzip: Option<Bytes>) -> (Reply, u64) {
        let (authorization, generation) = self.key.current();
        let id = new_request_id();
        let mut prepared = self.prepared(request, gzip);
        if let Some(authorization) = authorization {
            prepared = prepared.header(AUTHORIZATION, authorization);
        }
        let mut reply = match prepared.header(&REQUEST_ID, &id).send().await {
            Ok(response) => {
                self.gzip.read(&response);
                read_reply(response, request.keep, &self.room).await
            }
            Err(error) => {
                tracing::debug!(request = id, error = %innermost(&error), "no answer");
                self.no_reply(transport(&error)).await
            }
        };
        if reply.outcome.is_success() {
            self.key.is_good();
        }
        // The other side's own name for it, if it has one, is what its logs have.
        reply.request_id = reply.request_id.or(Some(id));
        tracing::trace!(request = reply.request_id, outcome = ?reply.outcome, "answered");
        (reply, generation)
    }

    /// A request as the library has it, with all that is the same whenever it is sent. It is made anew each time: a second one is
    /// rarely needed, and a copy costs as much.
    fn prepared(&self, request: &Request, gzip: Option<Bytes>) -> RequestBuilder {
        let mut prepared = self.http.request(request.method.clone(), request.url.clone());
        if request.body.is_some() {
            prepared = prepared.header(CONTENT_TYPE, "application/json");
        }
        if let Some((name, value)) = request.header {
            prepared = prepared.header(name, value);
        }
        if let Some(key) = &request.idempotency_key {
            prepared = prepared.header(&IDEMPOTENCY_KEY, key);
        }
        if gzip.is_some() {
            prepared = prepared.header(CONTENT_ENCODING, "gzip");
        }
        match gzip.or_else(|| request.body.clone()) {
            Some(body) => prepared.body(body),
            None => prepared,
        }
    }

    /// What is returned when no reply came: why, and which proxy is in the way.
    async fn no_reply(&self, transport: Transport) -> Reply {
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
pub(super) fn certificates(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let wrong = |problem: String| ClientError::Certificates { path: path.display().to_string(), problem };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(wrong("it holds no certificate in PEM form".to_owned())),
    }
}
