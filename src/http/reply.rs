//! What came of one request.

use std::time::{Duration, SystemTime};

use url::Url;

use super::{Body, ReplyOutcome, TransientRule};
use crate::pace::{PaceSignal, Quota, RequestResult};

/// What came of one request.
#[derive(Debug)]
pub struct Reply {
    /// The status, or why there is none.
    pub outcome: ReplyOutcome,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The `Date` header: what time it is at the other side.
    pub date: Option<SystemTime>,
    /// What the headers say about the quota.
    pub quota: Quota,
    /// The `Location` header, which is never followed.
    pub location: Option<Url>,
    /// Where the next page of a list is, by the `Link` header.
    pub next_page: Option<Url>,
    /// Under which name the request is found in logs: the other side's own for it, or else ours.
    pub request_id: Option<String>,
    /// What the proxy is called that did not let the request through.
    pub proxy: Option<String>,
    /// The body, empty when there is no answer.
    pub body: Body,
}

impl Reply {
    /// An outcome and nothing else.
    pub(crate) fn none(outcome: ReplyOutcome) -> Self {
        Self {
            outcome,
            retry_after: None,
            date: None,
            quota: Quota::default(),
            location: None,
            next_page: None,
            request_id: None,
            proxy: None,
            body: Body::default(),
        }
    }

    /// This reply as one that cannot be used, because its body is not what was asked for.
    pub(crate) fn into_unreadable(self) -> Self {
        Self { outcome: ReplyOutcome::Unreadable, body: Body::default(), ..self }
    }

    /// What it says about the other side, for the pace.
    pub fn pace_signal(&self, is_transient: TransientRule) -> PaceSignal {
        let result = match self.outcome {
            outcome if outcome.is_throttled() => RequestResult::Refused,
            outcome if is_transient(outcome) => RequestResult::Failed,
            _ => RequestResult::Granted,
        };
        PaceSignal { result, wait: self.retry_after, quota: self.quota }
    }
}
