//! What the target's refusals mean for a record.

use crate::avnology::{ErrorBody, ItemDecision, ItemResult, decide_item};
use crate::http::{Reply, ReplyOutcome, Transport};
use crate::mapping::{RejectCode, Rejection};

/// Whether a failure may come from what was sent, rather than from the target or the way to it: then, while others get
/// through, one poisonous record must not stop the run.
pub(super) fn is_about_content(outcome: ReplyOutcome) -> bool {
    matches!(outcome, ReplyOutcome::Answered { status: 500 } | ReplyOutcome::Unreadable | ReplyOutcome::TooLarge)
}

/// Whether it may at least come from it: a record on which the service behind a gateway breaks down shows as the gateway's
/// error. Refused connections and the like are the target's alone.
pub(super) fn may_be_about_content(outcome: ReplyOutcome) -> bool {
    is_about_content(outcome)
        || matches!(outcome, ReplyOutcome::Answered { status: 408 | 502..=599 })
        || matches!(outcome, ReplyOutcome::Failed(Transport::Timeout | Transport::Interrupted))
}

/// Whether a request that was not answered with results may have been carried out: not if it was refused, or never arrived.
pub(super) fn may_have_been_applied(outcome: ReplyOutcome) -> bool {
    match outcome {
        ReplyOutcome::Answered { status } => !matches!(status, 400..=499 | 503) || status == 408,
        ReplyOutcome::Unreadable
        | ReplyOutcome::TooLarge
        | ReplyOutcome::Failed(Transport::Timeout | Transport::Interrupted) => true,
        ReplyOutcome::Failed(_) => false,
    }
}

/// Whether an item was not answered for good, but may be later.
pub(super) fn is_transient(result: &ItemResult) -> bool {
    matches!(result, ItemResult::Error { error } if decide_item(error) == ItemDecision::Retry)
}

/// Whether a refusal is the target's own word about what was sent, and not that of something on the way to it.
pub(super) fn is_explained(error: &ErrorBody) -> bool {
    error.code.as_deref().is_some_and(|code| code.starts_with("AVNOLOGY_"))
}

pub(super) fn is_throttled(reply: &Reply) -> bool {
    matches!(reply.outcome, ReplyOutcome::Answered { status: 429 })
}

/// Another identity has what this one was to be created with.
pub(super) fn conflict(error: ErrorBody) -> Rejection {
    let advice = "if its user was deleted at Clerk, delete it (`verify` lists it); if its user has another one in this export, \
                  update it (--on-existing update), then import once more";
    taken(error, advice)
}

/// Another identity has what this one was to be changed to.
pub(super) fn change_conflict(error: ErrorBody) -> Rejection {
    let advice = "if its user has another one in this export, import once more; if the two swap, change one of them at the \
                  target first";
    taken(error, advice)
}

fn taken(error: ErrorBody, advice: &str) -> Rejection {
    let (code, what) = match error.field.as_deref().map(|field| field.rsplit('.').next().unwrap_or(field)) {
        Some("external_id") => (RejectCode::ExternalIdTaken, "another identity at the target has this external id"),
        Some("email") => (RejectCode::EmailTaken, "another identity at the target has this email address"),
        Some("username") => (RejectCode::UsernameTaken, "another identity at the target has this username"),
        Some("phone") => (RejectCode::PhoneTaken, "another identity at the target has this phone number"),
        _ => (RejectCode::TargetConflict, "the identity conflicts with another one at the target"),
    };
    Rejection { field: error.field, ..Rejection::of_record(code, format!("{what}; {advice}")) }
}

pub(super) fn invalid(error: ErrorBody) -> Rejection {
    rejection(RejectCode::TargetInvalid, "the target refused the identity", error)
}

pub(super) fn failing(error: ErrorBody) -> Rejection {
    rejection(RejectCode::TargetError, "the target failed on this identity again and again", error)
}

/// A rejection in the target's words. They go to the rejects file only, which holds the record anyway.
pub(super) fn rejection(code: RejectCode, what: &str, error: ErrorBody) -> Rejection {
    let message = match (&error.code, &error.message) {
        (Some(code), Some(message)) => format!("{what}: {message} ({code})"),
        (Some(text), None) | (None, Some(text)) => format!("{what}: {text}"),
        (None, None) => what.to_owned(),
    };
    Rejection { field: error.field, ..Rejection::of_record(code, message) }
}
