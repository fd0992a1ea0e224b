//! What Kratos' refusals and failures mean, for a run and in words for a person.

use std::time::Duration;

use super::answer::{invalid, kratos_error};
use crate::destination::{FailedRequest, Failure, StopErrors, TargetError};
use crate::http::{BaseUrl, GaveUp, Reply, ReplyOutcome, Transport, is_transient};

/// The option that holds the target's address.
const ADDRESS_OPTION: &str = "--base-url";

/// What a batch that brought no results means for what was sent, and for the run.
pub(super) fn failed_request(target: &BaseUrl, reply: Reply) -> FailedRequest {
    FailedRequest {
        failure: failure(&reply),
        may_have_been_applied: reply.outcome.may_have_been_applied(),
        retry_after: reply.retry_after,
        is_explained: kratos_error(&reply.body).is_some(),
        error: invalid(&reply.body),
        errors: StopErrors {
            no_access: refused(target, &reply),
            asks_to_wait: reply.retry_after.map(|wait| asks_to_wait(target, &reply, wait)),
            unreachable: unreachable(target, &reply),
        },
        request_id: reply.request_id,
    }
}

fn failure(reply: &Reply) -> Failure {
    match reply.outcome {
        ReplyOutcome::Answered { status: 413 } => Failure::TooLarge,
        // Kratos has no status of its own for a body that is too long.
        ReplyOutcome::Answered { status: 400 } if memchr::memmem::find(&reply.body, b"body too large").is_some() => {
            Failure::TooLarge
        }
        ReplyOutcome::Answered { status: 400 | 409 | 422 } | ReplyOutcome::TooLarge => Failure::Content,
        outcome if outcome.is_throttled() => Failure::Throttled,
        ReplyOutcome::Failed(Transport::Timeout) => Failure::Timeout,
        // It breaks down on texts that its database does not take. An answer without results is one, too.
        ReplyOutcome::Answered { status: 500 | 200..=299 } | ReplyOutcome::Unreadable => Failure::Breakdown,
        ReplyOutcome::Answered { status: 408 | 502..=599 } | ReplyOutcome::Failed(Transport::Interrupted) => {
            Failure::Gateway
        }
        outcome if is_transient(outcome) => Failure::Away,
        _ => Failure::NoAccess,
    }
}

/// The error for a reply that says that the target does not let us in.
pub(super) fn refused(target: &BaseUrl, reply: &Reply) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let (meaning, advice) = match status {
        401 | 403 => (
            "the gateway before Kratos wants another token",
            "check AVNOLOGY_KRATOS_TOKEN, then run the same command again",
        ),
        300..=399 => {
            ("it redirects", "set --base-url to the admin address of Kratos itself, as in http://127.0.0.1:4434")
        }
        404 | 405 => ("no such method", "is --base-url the admin address of Kratos, and not its public one?"),
        _ => ("the request", "is --base-url the admin address of an Ory Kratos?"),
    };
    let request = reply.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
    let reason = format!("{meaning} (HTTP {status}{request})");
    TargetError::Refused { target: target.to_string(), reason, advice }
}

/// The error for a request that was never answered.
pub(super) fn gave_up(target: &BaseUrl, GaveUp { reply, asks_to_wait: wait }: &GaveUp) -> TargetError {
    match wait {
        Some(wait) => asks_to_wait(target, reply, *wait),
        None => unreachable(target, reply),
    }
}

fn asks_to_wait(target: &BaseUrl, reply: &Reply, wait: Duration) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let answer = format!("HTTP {status}");
    TargetError::AsksToWait { target: target.to_string(), answer, seconds: wait.as_secs() }
}

fn unreachable(target: &BaseUrl, reply: &Reply) -> TargetError {
    let reason = match reply.outcome {
        ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
        ReplyOutcome::Unreadable => "its answers are not those of an Ory Kratos".to_owned(),
        ReplyOutcome::TooLarge => "its answer about a few identities is larger than 8 MiB".to_owned(),
        ReplyOutcome::Failed(transport) => transport.describe(reply.proxy.as_deref(), ADDRESS_OPTION).into_owned(),
    };
    let may_be_of_record = reply.outcome.may_come_from_content();
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record }
}

/// The error of a target whose list of identities comes to no end.
pub(super) fn endless_list(target: &BaseUrl) -> TargetError {
    let reason = "its list of identities gives the same page again and again".to_owned();
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_over_every_status() {
        let of = |status| failure(&Reply::none(ReplyOutcome::Answered { status }));
        for status in 400..=599 {
            let expected = match status {
                400 | 409 | 422 => Failure::Content,
                413 => Failure::TooLarge,
                429 => Failure::Throttled,
                500 => Failure::Breakdown,
                408 | 502..=599 => Failure::Gateway,
                425 => Failure::Away,
                _ => Failure::NoAccess,
            };
            assert_eq!(of(status), expected, "{status}");
        }
        let large = br#"{"error":{"code":500,"message":"http: request body too large"}}"#.to_vec();
        let reply = Reply { body: large.into(), ..Reply::none(ReplyOutcome::Answered { status: 400 }) };
        assert_eq!(failure(&reply), Failure::TooLarge);
    }
}
