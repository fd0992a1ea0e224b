//! What a response says, and as much of its body as is kept.

use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::{DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};

use super::body::{self, AnswerRoom, Body, ReadFailure};
use super::request_id::shown_request_id;
use super::retry_after::retry_after;
use super::transport::transport;
use super::{Keep, Reply, ReplyOutcome};
use crate::pace::Quota;

/// The header that names a request, in both directions.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// Reads a response to its end.
pub(super) async fn read_reply(response: Response, keep: Keep, room: &AnswerRoom) -> Reply {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let date = header(DATE).and_then(|value| httpdate::parse_http_date(value).ok());
    // A date to wait for is one by the other side's clock.
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
    Reply { retry_after, date, quota, location, request_id, body, ..Reply::none(outcome) }
}
