//! What a response says, and as much of its body as is kept.

use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::{DATE, HeaderName, HeaderValue, LINK, LOCATION, RETRY_AFTER};

use super::answer_room::AnswerRoom;
use super::body::{self, Body, ReadFailure};
use super::request_id::shown_request_id;
use super::retry_after::retry_after;
use super::transport::transport;
use super::{Keep, Reply, ReplyOutcome};
use crate::pace::Quota;

/// The header that names a request, in both directions.
pub(super) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Reads a response to its end.
pub(super) async fn read_reply(response: Response, keep: Keep, room: &AnswerRoom) -> Reply {
    let status = response.status().as_u16();
    let header = |name: &HeaderName| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let date = header(&DATE).and_then(|value| httpdate::parse_http_date(value).ok());
    // A date to wait for is one by the other side's clock.
    let now = date.unwrap_or_else(SystemTime::now);
    let retry_after = header(&RETRY_AFTER).and_then(|value| retry_after(value, now));
    // Most answers say nothing of it, and there are many names to look for.
    let says_quota = response.headers().keys().any(|name| name.as_str().contains(Quota::IN_NAMES));
    let quota = says_quota.then(|| Quota::read(|name| response.headers().get(name)?.to_str().ok(), now));
    let request_id = header(&REQUEST_ID).and_then(shown_request_id).map(str::to_owned);
    let url = |value: &str| response.url().join(value).ok();
    let location = header(&LOCATION).and_then(url);
    let next_page = header(&LINK).and_then(next_page).and_then(url);
    let (outcome, body) = match body::read(response, keep, room).await {
        Ok(body) => (ReplyOutcome::Answered { status }, body),
        Err(ReadFailure::Page) => (ReplyOutcome::Unreadable, Body::default()),
        Err(ReadFailure::TooLarge) => (ReplyOutcome::TooLarge, Body::default()),
        Err(ReadFailure::Failed(error)) => (ReplyOutcome::Failed(transport(&error)), Body::default()),
    };
    Reply {
        retry_after,
        date,
        quota: quota.unwrap_or_default(),
        location,
        next_page,
        request_id,
        body,
        ..Reply::none(outcome)
    }
}

/// The address of the next page in a `Link` header (RFC 8288), as in `</list?page=2>; rel="next",</list>; rel="first"`.
fn next_page(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
        parameters.split(';').any(is_next).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_that_says_so() {
        let both = r#"</a?page=1>; rel="first",</a?page=2&size=3>; rel="next""#;
        assert_eq!(next_page(both), Some("/a?page=2&size=3"));
        assert_eq!(next_page(r#"</a?page=1>; rel="first""#), None);
        assert_eq!(next_page("<next>; rel=prev, nonsense"), None);
    }
}
