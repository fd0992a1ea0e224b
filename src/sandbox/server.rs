//! Connections. This uses hyper directly, because faults need what a framework hides: closing without an answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::{Router, http};
use futures::stream;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::app::{ItemFault, RequestId};
use super::faults::{Afterwards, CallPlan, Faults, Instead};
use super::refusal::{Refusal, Refuse};
use super::{SandboxError, compression, host};
use crate::ignore::ignore;

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long calls in flight may take when the sandbox ends.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// The number of pieces in which a slow answer is sent.
const SLOW_PIECES: usize = 10;

/// A running sandbox. Dropping it without [`RunningSandbox::shutdown`] ends it as abruptly as a kill.
#[derive(Debug)]
pub struct RunningSandbox {
    address: SocketAddr,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl RunningSandbox {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it: accepts no new connections, and gives calls in flight a short while.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.connections.close();
        if timeout(SHUTDOWN_GRACE, self.connections.wait()).await.is_err() {
            tracing::debug!("calls in flight at the sandbox were cut off");
        }
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves a site at an address of this machine.
pub(crate) async fn serve_at(listen: SocketAddr, site: Site) -> Result<RunningSandbox, SandboxError> {
    if !listen.ip().is_loopback() {
        return Err(SandboxError::NotLoopback(listen));
    }
    let failed = |source| SandboxError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
    let acceptor = Acceptor { site, stop: stop.clone(), connections: connections.clone() };
    tokio::spawn(acceptor.run(listener));
    Ok(RunningSandbox { address, stop, connections })
}

/// What every connection serves: an API, and what goes wrong on the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The API.
    pub router: Router,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// Whether bodies may be compressed with gzip, which every answer then says.
    pub accepts_gzip: bool,
    /// How the API words an error of the server.
    pub refuse: Refuse,
}

struct Acceptor {
    site: Site,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl Acceptor {
    async fn run(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let served = converse(stream, self.site.clone(), self.stop.clone());
                    self.connections.spawn(served);
                }
                // Most likely the file descriptors are used up: wait for a connection to end.
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

async fn converse(stream: TcpStream, site: Site, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = service_fn(|request| answer(site.clone(), request));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "a connection ended");
    }
}

/// An error that makes hyper close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

async fn answer(site: Site, request: Request<Incoming>) -> Result<Response, Closed> {
    if !host::is_of_this_machine(&request) {
        return Ok((site.refuse)(Refusal::Misdirected, &request_id(&request)));
    }
    let path = request.uri().path();
    // What programs call, and not what people see.
    let may_fail = path.starts_with("/v1/") && request.headers().contains_key(header::AUTHORIZATION)
        || ["/oauth2/token", "/userinfo"].contains(&path);
    let plan = if may_fail { site.faults.plan(Instant::now()) } else { CallPlan::default() };
    let request_id = request_id(&request);
    // A timer is never early: even a timer of zero would cost a millisecond.
    if !plan.latency.is_zero() {
        sleep(plan.latency).await;
    }
    let mut response = match plan.instead {
        Some(Instead::Close) => return Err(Closed),
        Some(Instead::Status(status, retry_after)) => {
            // The body must be read, or the client may see a reset connection in place of the status.
            discard_body(request.into_body()).await;
            refused(site.refuse, status, retry_after, &request_id)
        }
        None => match compression::unpacked(request, site.accepts_gzip).await {
            Ok(request) => perform(site.router, request, &request_id, plan.item_fault).await,
            Err(refusal) => (site.refuse)(refusal, &request_id),
        },
    };
    if site.accepts_gzip {
        response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    match plan.afterwards {
        None => Ok(response),
        Some(Afterwards::Close) => Err(Closed),
        Some(afterwards) => spoil(response, afterwards).await,
    }
}

/// The caller's request id if it is a plain word, or else a new one.
fn request_id(request: &Request<Incoming>) -> String {
    let given = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let is_plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    given.filter(is_plain).map_or_else(|| format!("req_{}", uuid::Uuid::new_v4().simple()), str::to_owned)
}

async fn perform(mut router: Router, mut request: Request, request_id: &str, item_fault: f64) -> Response {
    request.extensions_mut().insert(RequestId(request_id.to_owned()));
    request.extensions_mut().insert(ItemFault(item_fault));
    let answered: Result<Response, Infallible> = router.call(request).await;
    answered.unwrap_or_else(|never| match never {})
}

async fn discard_body(body: Incoming) {
    ignore(axum::body::to_bytes(Body::new(body), usize::MAX).await, "the call is refused anyway");
}

fn refused(refuse: Refuse, status: u16, retry_after: Option<u64>, request_id: &str) -> Response {
    let mut response = refuse(Refusal::Fault(status), request_id);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Spoils the answer of a call that took effect.
async fn spoil(response: Response, afterwards: Afterwards) -> Result<Response, Closed> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Closed)?;
    if afterwards == Afterwards::Garbage {
        parts.status = StatusCode::OK;
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        return Ok(http::Response::from_parts(parts, Body::from("<html><body>Welcome</body></html>")));
    }
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let body = match afterwards {
        Afterwards::Slow(over) => slow(bytes, over),
        _ => Body::from_stream(stream::iter([Ok(bytes.slice(..bytes.len() / 2)), Err(Closed)])),
    };
    Ok(http::Response::from_parts(parts, body))
}

fn slow(bytes: Bytes, over: Duration) -> Body {
    let size = bytes.len().div_ceil(SLOW_PIECES).max(1);
    let pause = over / u32::try_from(SLOW_PIECES).unwrap_or(1);
    Body::from_stream(stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Closed>(piece), rest))
    }))
}
