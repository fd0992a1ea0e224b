//! What Keto's refusals and failures mean, for a run and in words for a person.

use crate::destination::{FailedRequest, Failure, ItemError, StopErrors, TargetError};
use crate::http::{BaseUrl, GaveUp, Reply, ReplyOutcome, Transport, is_transient};

/// The error for a reply that says that Keto does not let us in.
pub(super) fn refused(target: &BaseUrl, reply: &Reply, option: &str) -> TargetError {
    let ReplyOutcome::Answered { status } = reply.outcome else { return unreachable(target, reply) };
    let request = reply.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
    let what = if option == "--keto-read-url" { "read" } else { "write" };
    let reason = format!("this is not what the {what} port of an Ory Keto answers (HTTP {status}{request})");
    let advice = if option == "--keto-read-url" {
        "is --keto-read-url the address of its read port, as in http://127.0.0.1:4466?"
    } else {
        "is --keto-write-url the address of its write port, as in http://127.0.0.1:4467?"
    };
    TargetError::Refused { target: target.to_string(), reason, advice }
}

/// The error for a namespace that Keto does not know.
pub(super) fn unknown_namespace(target: &BaseUrl, namespace: &str) -> TargetError {
    let reason = format!("it has no namespace `{namespace}`");
    let advice = "give it one that --print-keto-namespaces prints, or name another one in [tuples] of the mapping file";
    TargetError::Refused { target: target.to_string(), reason, advice }
}

/// The error for a request that was never answered.
pub(super) fn gave_up(target: &BaseUrl, GaveUp { reply, asks_to_wait }: &GaveUp) -> TargetError {
    match (asks_to_wait, reply.outcome) {
        (Some(wait), ReplyOutcome::Answered { status }) => TargetError::AsksToWait {
            target: target.to_string(),
            answer: format!("HTTP {status}"),
            seconds: wait.as_secs(),
        },
        _ => unreachable(target, reply),
    }
}

pub(super) fn unreachable(target: &BaseUrl, reply: &Reply) -> TargetError {
    let reason = match reply.outcome {
        ReplyOutcome::Answered { status } => format!("it keeps answering HTTP {status}"),
        ReplyOutcome::Unreadable => "its answers are not those of an Ory Keto".to_owned(),
        ReplyOutcome::TooLarge => "its answer is larger than 8 MiB".to_owned(),
        ReplyOutcome::Failed(transport) => {
            transport.describe(reply.proxy.as_deref(), "--keto-read-url and --keto-write-url").into_owned()
        }
    };
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

/// The error of a Keto whose list comes to no end.
pub(super) fn endless_list(target: &BaseUrl) -> TargetError {
    let reason = "its list of tuples gives the same page again and again".to_owned();
    TargetError::Unreachable { target: target.to_string(), reason, may_be_of_record: false }
}

/// What it means for the batch that the first question was not answered: nothing was sent of it.
pub(super) fn failed_question(target: &BaseUrl, reply: Reply) -> FailedRequest {
    FailedRequest {
        failure: match reply.outcome {
            outcome if outcome.is_throttled() => Failure::Throttled,
            ReplyOutcome::Failed(Transport::Timeout) => Failure::Timeout,
            outcome if is_transient(outcome) => Failure::Away,
            ReplyOutcome::Answered { status: 200..=299 } | ReplyOutcome::Unreadable => Failure::Away,
            _ => Failure::NoAccess,
        },
        may_have_been_applied: false,
        retry_after: reply.retry_after,
        is_explained: false,
        error: ItemError::default(),
        errors: StopErrors {
            no_access: refused(target, &reply, "--keto-read-url"),
            asks_to_wait: None,
            unreachable: unreachable(target, &reply),
        },
        request_id: reply.request_id,
    }
}
