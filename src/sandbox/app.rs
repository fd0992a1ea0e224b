//! What all calls share, and how an answer is built.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::time::Instant;

use super::ApiKey;
use super::api_error::ApiError;
use super::rate_limit::RateLimiter;
use super::refusal::Refusal;
use super::store::Database;
use super::webhook_deliveries::Deliveries;

/// What all calls share.
#[derive(Debug)]
pub(super) struct App {
    pub store: Database,
    pub api_keys: Vec<ApiKey>,
    pub batch_methods: bool,
    pub member_tuples: bool,
    pub limiter: Option<Mutex<RateLimiter>>,
    /// Nothing if nothing is delivered to endpoints of webhooks.
    pub deliveries: Option<Deliveries>,
}

impl App {
    /// Whether the bucket with this index has a token. What is in it goes to `limits`.
    pub(super) fn allows(&self, index: usize, limits: &mut HeaderMap) -> bool {
        let Some(limiter) = &self.limiter else { return true };
        let verdict = limiter.lock().unwrap_or_else(PoisonError::into_inner).take(index, Instant::now());
        *limits = verdict.headers();
        verdict.allowed
    }
}

/// A request's id, for the header and the error envelope.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub String);

/// How likely items are to fail on purpose.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemFault(pub f64);

pub(super) fn request_id(request: &Request) -> String {
    request.extensions().get().map_or_else(String::new, |RequestId(id)| id.clone())
}

pub(super) fn error(request_id: &str, failure: &ApiError) -> Response {
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, failure.body(request_id))
}

/// How this API words an error of the server.
pub(super) fn refuse(refusal: Refusal, request_id: &str) -> Response {
    let failure = match refusal {
        Refusal::Misdirected => ApiError::misdirected(),
        Refusal::Fault(429) => ApiError::rate_limited(),
        Refusal::Fault(status) => ApiError::internal(status, "a fault on purpose"),
        Refusal::Coding => ApiError::internal(415, "this content coding is not accepted"),
        Refusal::Corrupt => ApiError::internal(400, "the body cannot be unpacked"),
    };
    error(request_id, &failure)
}

pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
