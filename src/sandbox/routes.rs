//! From a request to its answer: authentication, rate limit, scope, body, dispatch, in that order.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use futures::StreamExt;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::api_error::ApiError;
use super::app::{App, ItemFault, error, json, request_id};
use super::call::{ApiAnswer, Method, ReceivedCall};
use super::perform::perform;
use super::{ApiKey, oauth, page, sign_in, sign_in_page};

/// The largest body that the contract allows.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How much of a body beyond the limit is read and discarded, so that the sender sees the 413 and not a closed connection.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// All routes.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health/ready", get(ready))
        .route("/", get(page::front))
        .route("/sign-in", get(sign_in_page::form).post(sign_in_page::submit))
        .route("/v1/sessions", post(sign_in::create_session))
        .merge(oauth::routes())
        .fallback(api)
        .method_not_allowed_fallback(async |request: Request| error(&request_id(&request), &ApiError::method()))
        .with_state(app)
}

async fn ready(State(app): State<Arc<App>>, request: Request) -> Response {
    let alive = app.store.transaction(|transaction| Ok(transaction.query_row("SELECT 1", [], |_| Ok(()))?)).await;
    match alive {
        Ok(()) => json(StatusCode::OK, br#"{"status":"ready"}"#.to_vec()),
        Err(failure) => error(&request_id(&request), &ApiError { status: 503, ..failure }),
    }
}

async fn api(State(app): State<Arc<App>>, request: Request) -> Response {
    let request_id = request_id(&request);
    let mut limits = HeaderMap::new();
    let mut response = match call(&app, request, &mut limits).await {
        Ok(answer) => respond(answer),
        Err(failure) => error(&request_id, &failure),
    };
    response.headers_mut().extend(limits);
    response
}

async fn call(app: &App, request: Request, limits: &mut HeaderMap) -> Result<ApiAnswer, ApiError> {
    let (parts, body) = request.into_parts();
    let admitted = admit(app, &parts, limits);
    // The body is read even if the answer is known: a sender that is cut off might never see the answer.
    let body = read_body(body).await;
    let mut call = admitted?;
    call.body = body?;
    let answer = app.store.transaction(move |transaction| perform(transaction, &call)).await;
    if let Some(deliveries) = &app.deliveries {
        deliveries.wake();
    }
    answer
}

/// Decides everything that can be decided before the body is read.
fn admit(app: &App, request: &Parts, limits: &mut HeaderMap) -> Result<ReceivedCall, ApiError> {
    let path = request.uri.path();
    if !path.starts_with("/v1/") {
        return Err(ApiError::not_found("the path"));
    }
    let (index, key) = authenticate(app, &request.headers)?;
    if !app.allows(index, limits) {
        return Err(ApiError::rate_limited());
    }
    let method = Method::parse(request.method.as_str(), path)?;
    if method.is_undocumented() && !app.batch_methods {
        return Err(ApiError::not_found("the method"));
    }
    if !key.scopes.iter().any(|scope| scope == method.scope()) {
        return Err(ApiError::permission(method.scope()));
    }
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let is_once = request.method == axum::http::Method::POST && !method.is_read();
    Ok(ReceivedCall {
        method,
        query: url::form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        idempotency_key: header("idempotency-key").filter(|_| is_once),
        if_match: header("if-match"),
        body: Vec::new(),
        item_fault: request.extensions.get().map_or(0.0, |ItemFault(chance)| *chance),
        member_tuples: app.member_tuples,
    })
}

/// Finds the key of a request. It compares digests, so that the time it takes reveals nothing about the key.
fn authenticate<'a>(app: &'a App, headers: &HeaderMap) -> Result<(usize, &'a ApiKey), ApiError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(ApiError::authentication)?;
    let digest = Sha256::digest(given);
    app.api_keys
        .iter()
        .enumerate()
        .find(|(_, api_key)| Sha256::digest(api_key.key.expose_secret()) == digest)
        .ok_or_else(ApiError::authentication)
}

async fn read_body(body: Body) -> Result<Vec<u8>, ApiError> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiError::validation("the body broke off"))?;
        length += piece.len();
        if length <= MAX_BODY {
            bytes.extend_from_slice(&piece);
        } else if length > MAX_DRAINED {
            break;
        }
    }
    if length > MAX_BODY { Err(ApiError::too_large(MAX_BODY)) } else { Ok(bytes) }
}

fn respond(answer: ApiAnswer) -> Response {
    let mut response = json(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK), answer.body);
    if answer.replayed {
        response.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    if let Some(etag) = answer.etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
