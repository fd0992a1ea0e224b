//! What the target's refusals mean for a record.

use crate::avnology::{ErrorBody, Outcome, Reply};
use crate::mapping::{RejectCode, Rejection};

/// Whether a failure may come from what was sent, rather than from the target or the way to it: then, while others get
/// through, one poisonous record must not stop the run.
pub(super) fn is_about_content(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Answered { status: 500 } | Outcome::Unreadable)
}

pub(super) fn is_throttled(reply: &Reply) -> bool {
    matches!(reply.outcome, Outcome::Answered { status: 429 })
}

pub(super) fn conflict(error: ErrorBody) -> Rejection {
    let (code, message) = match error.field.as_deref().map(|field| field.rsplit('.').next().unwrap_or(field)) {
        Some("email") => (RejectCode::EmailTaken, "another identity at the target has this email address"),
        Some("username") => (RejectCode::UsernameTaken, "another identity at the target has this username"),
        Some("phone") => (RejectCode::PhoneTaken, "another identity at the target has this phone number"),
        _ => (RejectCode::TargetConflict, "the identity conflicts with another one at the target"),
    };
    Rejection { code, field: error.field, message: message.to_owned(), place: None }
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
    Rejection { code, field: error.field, message, place: None }
}
