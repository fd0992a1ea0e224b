//! What a reply without results means.

use super::error_body::{ErrorBody, error_body};
use super::errors::{asks_to_wait, refused, unreachable};
use super::item_error::{item_error_of, kind_by_outcome};
use super::{Meaning, meaning_of};
use crate::destination::{FailedRequest, Failure, StopErrors};
use crate::http::{BaseUrl, Reply, ReplyOutcome, Transport};

/// What a reply without results means for what was sent, and for the run.
pub(super) fn failed_request(target: &BaseUrl, reply: Reply) -> FailedRequest {
    let outcome = reply.outcome;
    let error: ErrorBody = error_body(&reply.body);
    FailedRequest {
        failure: failure(outcome),
        may_have_been_applied: outcome.may_have_been_applied(),
        retry_after: reply.retry_after,
        is_explained: error.is_own_word(),
        errors: StopErrors {
            no_access: refused(target, &reply),
            asks_to_wait: reply.retry_after.map(|wait| asks_to_wait(target, &reply, wait)),
            unreachable: unreachable(target, &reply),
        },
        error: item_error_of(kind_by_outcome(outcome), error),
        request_id: reply.request_id,
    }
}

/// How a request failed by its outcome.
fn failure(outcome: ReplyOutcome) -> Failure {
    match (meaning_of(outcome), outcome) {
        (Meaning::NoAccess, _) => Failure::NoAccess,
        (Meaning::OfContent, ReplyOutcome::Answered { status: 413 }) => Failure::TooLarge,
        (Meaning::OfContent, _) => Failure::Content,
        // `Done` without results is an answer that cannot be used.
        (Meaning::MayPass | Meaning::Done, outcome) => match outcome {
            outcome if outcome.is_throttled() => Failure::Throttled,
            ReplyOutcome::Failed(Transport::Timeout) => Failure::Timeout,
            ReplyOutcome::Answered { status: 500 } | ReplyOutcome::Unreadable => Failure::Breakdown,
            // A record on which the service behind a gateway breaks down shows as the gateway's error. Refused connections
            // and the like are the target's alone.
            ReplyOutcome::Answered { status: 408 | 502..=599 } | ReplyOutcome::Failed(Transport::Interrupted) => {
                Failure::Gateway
            }
            _ => Failure::Away,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_over_every_outcome() {
        let answered = (100..=599).map(|status| (status.to_string(), ReplyOutcome::Answered { status }));
        let transports = [Transport::Dns, Transport::Connect, Transport::Timeout, Transport::Interrupted];
        let failed =
            transports.map(|transport| (format!("{transport:?}").to_lowercase(), ReplyOutcome::Failed(transport)));
        let others =
            [("unreadable".to_owned(), ReplyOutcome::Unreadable), ("too large".to_owned(), ReplyOutcome::TooLarge)];
        let mut runs: Vec<(String, String, Failure)> = Vec::new();
        for (name, outcome) in answered.chain(others).chain(failed) {
            let failure = failure(outcome);
            match runs.last_mut() {
                Some((_, last, same)) if *same == failure => *last = name,
                _ => runs.push((name.clone(), name, failure)),
            }
        }
        let line = |(first, last, failure): &(String, String, Failure)| {
            let range = if first == last { first.clone() } else { format!("{first}..{last}") };
            format!("{range}: {failure:?}")
        };
        insta::assert_snapshot!(runs.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
}
